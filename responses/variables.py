"""Variables of a text, filled from the incident: `{brand}`, `{next_update}` …

They are filled when a version is written, so that an approval is of the words that go out. What
is typed keeps its variables (`Version.cited`), so that the next version takes new values.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import regex
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident

from .models_statement import StatementSite
from .plan import reading, speaking

_NAME = regex.compile(r"\{([a-z][a-z_]*(?:\.[a-z_]+)*)\}")
Value = Callable[[Incident, datetime], str]


def _moment(moment: datetime | None, incident: Incident, now: datetime) -> str:
    """The hour, and the day too if it is not today: alike in every language."""
    if moment is None:
        return ""
    zone = ZoneInfo(incident.brand.time_zone)
    local = moment.astimezone(zone)
    today = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M}" if today else f"{local:%H:%M} ({local:%d.%m.%Y})"


def _spokesperson(incident: Incident, now: datetime) -> str:
    content = reading.content_of(incident.brand_id)
    lines = speaking.lines(content, incident.brand_id, at=now)
    voice = speaking.speaker(lines, reading.kind_of(incident))
    return voice.user.name if voice else ""


def _contact(field: str) -> Value:
    def value(incident: Incident, _now: datetime) -> str:
        rows = StatementSite.objects.filter(brand=incident.brand_id)
        return str(rows.values_list(field, flat=True).first() or "")

    return value


# Each with what it is, for whoever writes.
VARIABLES: dict[str, tuple[Any, Value]] = {
    "brand": (_("Name of the brand"), lambda incident, _now: incident.brand.name),
    "incident.reference": (
        _("Reference of the incident"),
        lambda incident, _now: incident.reference,
    ),
    "next_update": (
        _("When the next update is due"),
        lambda incident, now: _moment(incident.update_by, incident, now),
    ),
    "today": (
        _("Today’s date"),
        lambda incident, now: f"{now.astimezone(ZoneInfo(incident.brand.time_zone)):%d.%m.%Y}",
    ),
    "spokesperson": (_("Who speaks today, from the communication plan"), _spokesperson),
    "contact": (_("Contact for the public, from the statement page"), _contact("contact")),
    "press_contact": (
        _("Contact for the press, from the statement page"),
        _contact("press_contact"),
    ),
}


@dataclass(frozen=True)
class Variable:
    """A variable with what it means and what it is now; "" is not known."""

    name: str
    label: str | Promise
    value: str

    @property
    def written(self) -> str:
        return f"{{{self.name}}}"


def names(text: str) -> list[str]:
    """The variables in a text, known or not, each once, in order."""
    return list(dict.fromkeys(_NAME.findall(text)))


def fill(text: str, incident: Incident, *, now: datetime) -> str:
    """Put their values in the place of the variables. What has none stays as it is written.

    Asks the database only for what the text uses.
    """
    values = {name: VARIABLES[name][1](incident, now) for name in names(text) if name in VARIABLES}
    return put(text, values)


@dataclass(frozen=True)
class Filled:
    """A text with its variables filled, and where its places were before that."""

    text: str
    # (start in the filled text, its end, start in the typed text, its end) of each variable.
    spans: tuple[tuple[int, int, int, int], ...]

    def typed(self, start: int, end: int) -> tuple[int, int]:
        """Where a place of the filled text stands in the typed one; a variable is whole."""
        return self._back(start, at_end=False), self._back(end, at_end=True)

    def _back(self, place: int, *, at_end: bool) -> int:
        moved = 0
        for start, end, typed_start, typed_end in self.spans:
            if place < start or (at_end and place == start):
                break
            if place < end or (at_end and place == end):
                return typed_end if at_end else typed_start
            moved = typed_end - end
        return place + moved


def filled(text: str, incident: Incident, *, now: datetime) -> Filled:
    """As `fill`, with the places kept."""
    values = known(text, incident, now=now)
    pieces, spans, done, length = [], [], 0, 0
    for found in _NAME.finditer(text):
        if not (value := values.get(found[1], "")):
            continue
        before = text[done : found.start()]
        pieces += [before, value]
        length += len(before)
        spans.append((length, length + len(value), found.start(), found.end()))
        length, done = length + len(value), found.end()
    return Filled("".join([*pieces, text[done:]]), tuple(spans))


def put(text: str, values: Mapping[str, str]) -> str:
    """Put these values in, and nothing else; a value is not read for variables again."""
    return str(_NAME.sub(lambda found: values.get(found[1]) or found[0], text))


def known(text: str, incident: Incident, *, now: datetime) -> dict[str, str]:
    """What the incident fills of a text now, by name."""
    return {each.name: each.value for each in used(text, incident, now=now) if each.value}


def used(text: str, incident: Incident, *, now: datetime) -> list[Variable]:
    """The variables of a text as they are filled now; unknown ones have no label."""
    return [
        Variable(name, *(VARIABLES[name][0], VARIABLES[name][1](incident, now)))
        if name in VARIABLES
        else Variable(name, "", "")
        for name in names(text)
    ]


def offered() -> list[Variable]:
    """All that can be written, without their values."""
    return [Variable(name, label, "") for name, (label, _value) in VARIABLES.items()]
