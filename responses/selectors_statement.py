"""Reading statements."""

from django.db.models import QuerySet

from accounts.models import User

from .models import Draft
from .models_statement import Statement, StatementDraft, StatementEntry, StatementSite


def chain(statement: Statement) -> list[StatementEntry]:
    """Every entry in order, with what it speaks of and its key: one query."""
    return list(statement.entries.select_related("about", "key").order_by("number"))


def visible_statements(user: User) -> QuerySet[Statement]:
    """Statements of incidents that the person may see."""
    rows = Statement.objects.visible_to(user)
    return rows.select_related("site__brand", "incident__brand")


def statement_of(user: User, reference: str) -> Statement | None:
    found: Statement | None = visible_statements(user).filter(incident__reference=reference).first()
    return found


def site_of(brand_id: int) -> StatementSite | None:
    return StatementSite.objects.select_related("brand").filter(brand=brand_id).first()


def visible_sites(user: User) -> QuerySet[StatementSite]:
    return StatementSite.objects.filter(brand__in=user.roles).select_related("brand")


def terms_of(draft: Draft) -> StatementDraft | None:
    rows = StatementDraft.objects.select_related("statement__site__brand", "about")
    return rows.filter(draft=draft).first()
