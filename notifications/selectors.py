"""What a person was told."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from accounts.models import User

from .enums import Health, Urgency
from .models import Address, Channel, Delivery, Notice, Preference, Provider, Rule
from .order import Listener, Place, Way, ways

PAGE = 30
# More than this the bell need not count.
MANY = 99


def inbox(user: User, *, before: int | None = None) -> list[Notice]:
    """One page of the person's notices with their deliveries, newest first, older than `before`.

    One more than a page is returned when there are more.
    """
    notices = Notice.objects.visible_to(user).order_by("-created_at", "-pk")
    if before is not None:
        edge = user.notices.filter(pk=before).values_list("created_at", "pk").first()
        notices = notices.older_than(edge) if edge else notices.none()
    outgoing = Prefetch("deliveries", Delivery.objects.order_by("pk"))
    return list(notices.select_related("brand").prefetch_related(outgoing)[: PAGE + 1])


def unread(user: User) -> int:
    """How many unread notices, counted no further than MANY + 1."""
    return Notice.objects.visible_to(user).filter(read_at=None)[: MANY + 1].count()


def addresses(user: User) -> list[Address]:
    """The person's addresses with their latest deliveries (`latest`), devices first."""
    mine = list(Address.objects.filter(user=user).order_by("means", "pk"))
    last = (
        Delivery.objects.filter(notice__user=user, address__in=mine)
        .order_by("address_id", "-pk")
        .distinct("address_id")
    )
    latest = {delivery.address_id: delivery for delivery in last}
    for address in mine:
        address.latest = latest.get(address.pk)  # type: ignore[attr-defined]
    return mine


def latest_mail(user: User) -> Delivery | None:
    mails = Delivery.objects.filter(notice__user=user, channel="email")
    return mails.order_by("-pk").first()


def preference(user: User) -> Preference:
    """What the person wishes; the defaults where they have said nothing."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def order_now(user: User, urgency: str, *, now: datetime) -> list[Way]:
    """By what the person would be told now, in this order."""
    wish = preference(user)
    quiet = (wish.quiet_from, wish.quiet_until)
    listener = Listener(
        user=user.pk,
        zone=user.time_zone,
        places=[
            Place(each.pk, each.means, each.provider)
            for each in Address.objects.filter(user=user).usable()
        ],
        rules=[_plain(rule) for rule in Rule.objects.filter(user=user, urgency=urgency)],
        quiet=quiet if None not in quiet else None,  # type: ignore[arg-type]
    )
    return ways(listener, urgency, loud=False, now=now)


def _plain(rule: Rule) -> dict[str, object]:
    starts = rule.starts.isoformat() if rule.starts else None
    return {"starts": starts, "ends": rule.ends and rule.ends.isoformat(), "steps": rule.steps}


def hangs_on_one(user: User, *, now: datetime) -> bool:
    """Whether all the person's pages go by one provider: if it fails, nothing reaches them."""
    return len({way.provider for way in order_now(user, Urgency.PAGE, now=now)}) < 2


def providers() -> list[Provider]:
    """Who carries notices, those that fail first."""
    return sorted(
        Provider.objects.all(), key=lambda each: (each.health == Health.WORKING, each.name)
    )


def failing() -> int:
    return Provider.objects.exclude(health=Health.WORKING).count()


def channels(user: User) -> QuerySet[Channel]:
    return Channel.objects.visible_to(user).select_related("brand").order_by("brand__name", "name")


def deliveries_about(subject: str, keys: Iterable[str]) -> dict[tuple[int, str], list[Delivery]]:
    """What went out for pages about a subject, each with its notice, by person and key: a query."""
    outgoing = Delivery.objects.filter(notice__subject=subject, notice__key__in=list(keys))
    found: dict[tuple[int, str], list[Delivery]] = {}
    for delivery in outgoing.select_related("notice").order_by("step", "pk"):
        if delivery.notice is not None:
            place = (delivery.notice.user_id, delivery.notice.key)
            found.setdefault(place, []).append(delivery)
    return found
