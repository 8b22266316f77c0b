"""Queries: made, changed and deleted. Whatever is changed holds for what comes in from then on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core.errors import Conflict, Refused
from core.text import clean
from monitoring.enums import QueryKind, WatchList
from monitoring.models import Query
from monitoring.queries import simple
from monitoring.queries.parsing import parse

# A brand's queries are compiled together; a person loses track long before.
MAX_QUERIES = 2_000
# The query that the words of a brand are kept in.
WORDS = "words"


@dataclass(frozen=True)
class Wanted:
    """What a query is to be."""

    name: str
    kind: str
    expression: str
    watched: str = ""
    is_active: bool = True


@transaction.atomic
def create_query(brand: Brand, wanted: Wanted, *, by: User) -> Query:
    """Make a query of the brand. Refuses one that cannot be read, and a name that is taken."""
    Brand.objects.select_for_update().get(pk=brand.pk)
    if Query.objects.filter(brand=brand).count() >= MAX_QUERIES:
        raise Refused(_("A brand may have %(most)d queries.") % {"most": MAX_QUERIES})
    query = Query(brand=brand)
    _save(query, wanted)
    audit.record(
        "query.created", actor=by, brand=brand, subject=query.name, after=wanted.expression
    )
    return query


@transaction.atomic
def update_query(query: Query, wanted: Wanted, *, by: User) -> Query:
    """Change a query; the same again is no change. Raises Conflict where it was deleted."""
    locked = _locked(query)
    before = _as_wanted(locked)
    if before == wanted:
        return locked
    _save(locked, wanted)
    audit.record(
        "query.changed",
        actor=by,
        brand=locked.brand_id,
        subject=locked.name,
        before=before.expression,
        after=wanted.expression,
    )
    return locked


@transaction.atomic
def delete_query(query: Query, *, by: User) -> None:
    """Delete a query with its counts. Mentions that it kept stay."""
    locked = _locked(query)
    audit.record(
        "query.deleted",
        actor=by,
        brand=locked.brand_id,
        subject=locked.name,
        before=locked.expression,
    )
    locked.delete()


@transaction.atomic
def set_words(brand: Brand, *, any_of: Sequence[str], none_of: Sequence[str], by: User) -> None:
    """Set the words by which sources that carry more than the brand are filtered.

    They are a query like the others, and without any word none.
    """
    Brand.objects.select_for_update().get(pk=brand.pk)
    query = Query.objects.filter(brand=brand, name=WORDS).first()
    wanted = Wanted(WORDS, QueryKind.BRAND.value, simple.expression(any_of, none_of))
    if query is None:
        if any_of:
            create_query(brand, wanted, by=by)
        return
    if not any_of:
        wanted = replace(_as_wanted(query), is_active=False)
    update_query(query, wanted, by=by)


def _locked(query: Query) -> Query:
    # Ingest counts only queries that are there, and holds them until it is done.
    locked: Query | None = Query.objects.select_for_update().filter(pk=query.pk).first()
    if locked is None:
        raise Conflict(_("The query was deleted meanwhile."))
    return locked


def _as_wanted(query: Query) -> Wanted:
    return Wanted(query.name, query.kind, query.expression, query.watched, query.is_active)


def _save(query: Query, wanted: Wanted) -> None:
    _check(wanted)
    query.name, query.kind, query.is_active = wanted.name, wanted.kind, wanted.is_active
    query.watched, query.expression = wanted.watched, wanted.expression
    try:
        with transaction.atomic():
            query.save()
    except IntegrityError:
        raise Conflict(
            _("There is already a query named %(name)s.") % {"name": wanted.name}
        ) from None


def _check(wanted: Wanted) -> None:
    if not wanted.name.strip() or clean(wanted.name) != wanted.name:
        raise Refused(_("Give the query a name."))
    if wanted.kind not in QueryKind.values:
        raise Refused(_("That is not a kind of query."))
    is_list = wanted.kind == QueryKind.WATCH
    if is_list != (wanted.watched in WatchList.values):
        raise Refused(_("Say of a watch list, and only of one, what is on it."))
    problems = parse(wanted.expression).problems
    if problems:
        raise Refused(problems[0].text)
