"""Who speaks today: the plan's spokespersons and deputies against who is there now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.selectors import members
from incidents.models_rota import Absence

from .shape import Content


@dataclass(frozen=True)
class Voice:
    """One person who may speak. `away_until` is set while they cannot be called."""

    user: User
    away_until: datetime | None
    # No longer a member of the brand, or the account is closed.
    gone: bool

    @property
    def there(self) -> bool:
        return not self.gone and self.away_until is None

    @property
    def reachable(self) -> bool:
        """Whether there is a number to call: a spokesperson without one is found too late."""
        return bool(self.user.phone)


@dataclass(frozen=True)
class Line:
    """A spokesperson with their deputies in turn; `today` is the first of them who is there."""

    first: Voice
    deputies: list[Voice]
    row: Content = field(default_factory=dict)

    @property
    def today(self) -> Voice | None:
        return next((each for each in (self.first, *self.deputies) if each.there), None)

    @property
    def stands_in(self) -> bool:
        return self.today is not None and self.today is not self.first


def lines(content: Mapping[str, Any], brand_id: int, *, at: datetime) -> list[Line]:
    """Every spokesperson of the plan with who is there at a time: three queries."""
    ids = {pk for row in content["speakers"] for pk in (row["user"], *row["deputies"])}
    if not ids:
        return []
    people = User.objects.in_bulk(ids)
    here = set(members(brand_id).filter(pk__in=ids).values_list("pk", flat=True))
    absent = Absence.objects.filter(user__in=ids, starts_at__lte=at, ends_at__gt=at)
    away: dict[int, datetime] = {}
    for user, until in absent.values_list("user", "ends_at"):
        away[user] = max(until, away.get(user, until))
    voices = {pk: Voice(user, away.get(pk), pk not in here) for pk, user in people.items()}
    return [
        Line(
            voices[row["user"]],
            [voices[pk] for pk in row["deputies"] if pk in voices],
            row,
        )
        for row in content["speakers"]
        if row["user"] in voices
    ]


def for_kind(found: list[Line], kind: str) -> list[Line]:
    """Those who speak in a kind of crisis: who is named for it first, then who is for all."""
    named = [line for line in found if kind and kind in line.row["kinds"]]
    return named + [line for line in found if not line.row["kinds"]]


def speaker(found: list[Line], kind: str) -> Voice | None:
    """Who speaks today in a kind of crisis; None if nobody of the plan is there."""
    return next((line.today for line in for_kind(found, kind) if line.today), None)
