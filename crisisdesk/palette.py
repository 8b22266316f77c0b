"""What the palette searches, room by room. Imported by the AppConfig."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import Membership, User
from accounts.rules import allowed
from accounts.selectors import visible_brands
from core.navigation import address
from core.palette import MOST_HITS, Hit, provide
from incidents.models import Incident
from monitoring.models import Query
from monitoring.models_triage import SavedSearch
from responses.models import Draft


def _each(words: Sequence[str], *fields: str) -> Q:
    """Every word stands in one of the fields."""
    wanted = Q()
    for word in words:
        either = Q()
        for field in fields:
            either |= Q(**{f"{field}__icontains": word})
        wanted &= either
    return wanted


@provide("queries", _("Queries"), order=60)
def queries(user: User, words: Sequence[str]) -> list[Hit]:
    managed = [pk for pk in user.roles if allowed(user, Permission.MANAGE_BRAND, pk)]
    rows = Query.objects.visible_to(user).filter(brand__in=managed).select_related("brand")
    found = rows.filter(_each(words, "name", "expression")).order_by("name")
    return [
        Hit(row.name, address("monitoring:query", row.brand.slug, row.pk), "search", str(row.brand))
        for row in found[:MOST_HITS]
    ]


@provide("incidents", _("Incidents"), order=10)
def incidents(user: User, words: Sequence[str]) -> list[Hit]:
    rows = Incident.objects.visible_to(user).select_related("brand")
    found = rows.filter(_each(words, "reference", "given_title", "brand__name", "crisis_type"))
    return [
        Hit(
            row.title,
            address("incidents:incident", row.reference),
            "urgent",
            f"{row.reference} · {row.brand}",
        )
        for row in found.order_by("-detected_at")[:MOST_HITS]
    ]


@provide("drafts", _("Drafts"), order=20)
def drafts(user: User, words: Sequence[str]) -> list[Hit]:
    rows = Draft.objects.visible_to(user).select_related("incident")
    found = rows.filter(_each(words, "title", "incident__reference"))
    return [
        Hit(
            row.title,
            address("responses:draft", row.incident.reference, row.number),
            "edit",
            row.incident.reference,
        )
        for row in found[:MOST_HITS]
    ]


@provide("brands", _("Brands"), order=30)
def brands(user: User, words: Sequence[str]) -> list[Hit]:
    found = visible_brands(user).filter(_each(words, "name", "description"))
    stream = address("monitoring:mentions")
    return [
        Hit(brand.name, f"{stream}?brand={brand.pk}", "building-store", brand.description)
        for brand in found[:MOST_HITS]
    ]


@provide("searches", _("Saved searches"), order=35)
def searches(user: User, words: Sequence[str]) -> list[Hit]:
    rows = SavedSearch.objects.visible_to(user).select_related("brand")
    return [
        Hit(
            search.name,
            f"{address('monitoring:mentions')}?{search.query}&search={search.pk}",
            "bookmark",
            str(search.brand or ""),
        )
        for search in rows.filter(_each(words, "name"))[:MOST_HITS]
    ]


@provide("people", _("People"), order=40)
def people(user: User, words: Sequence[str]) -> list[Hit]:
    """Members of the brands that this person belongs to, with how to reach them."""
    colleagues = Membership.objects.filter(brand__in=user.roles).values("user")
    rows = User.objects.filter(pk__in=colleagues, is_active=True)
    found = rows.filter(_each(words, "name", "email", "title")).order_by("name")
    return [
        Hit(str(person), f"mailto:{person.email}", "user", person.title or person.email)
        for person in found[:MOST_HITS]
    ]
