"""What a crisis plan says, and whether it makes sense. The shape of `PlanVersion.content`:

    about      when this plan applies, a few sentences
    matrix     how severity is scored (matrix.py); lists are [least for 1 point, least for 2]:
               {"reach": [people, people], "speed": [times, times],
                "influence": [followers, followers],
                "harm": {"kinds": {crisis type: points}, "guide": [what 1 means, what 2 means]},
                "blame": {"negative": [share, share], "blaming": [share, share]},
                "levels": {"1": points, "2": points, "3": points}, "floor": severity}
    roles      [{"role": IncidentRole, "from": severity, "duty": what they do}]
    tasks      [{"key": unchanging id, "title", "detail", "role": IncidentRole or "",
                 "due": seconds after the opening or null, "from": severity,
                 "personal_data": only if personal data is concerned}]
    messages   what we say, a sentence each; `never`: what we do not say
    channels   [{"name", "note"}], in the order in which they are used
    policy     id of the escalation policy, null for the brand's usual one
    times      {"1": {"acknowledge", "respond", "update": seconds; update may be null}, … "4": …}
    care       {"limit": seconds in a role before a hand-over, "grace": seconds}; null: the brand's

`from` is the least grave severity at which it holds: 2 means at SEV1 and SEV2, 4 always.

`Incident.plan` is `{"id", "version", "name", "kind", "language", "content"}`, the copy that the
incident runs on.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Refused
from core.text import clean
from monitoring.enums import CrisisType

from .enums import IncidentRole, PlanKind, Severity

Content = dict[str, Any]

# The plan that answers each crisis type that the desk detects.
KINDS: dict[str, PlanKind] = {
    CrisisType.NEGATIVE_REVIEW: PlanKind.NEGATIVE_REVIEWS,
    CrisisType.CUSTOMER_SERVICE: PlanKind.NEGATIVE_REVIEWS,
    CrisisType.SERVICE_DISRUPTION: PlanKind.OUTAGE,
    CrisisType.PRODUCT_SAFETY: PlanKind.PRODUCT_SAFETY,
    CrisisType.DATA_BREACH: PlanKind.DATA_BREACH,
    CrisisType.VIRAL_BACKLASH: PlanKind.VIRAL_BACKLASH,
    CrisisType.PR_DISASTER: PlanKind.PR_DISASTER,
    CrisisType.LEGAL_REGULATORY: PlanKind.PR_DISASTER,
    CrisisType.MISINFORMATION: PlanKind.RUMOUR,
}
MOST_TASKS, MOST_LINES = 60, 30
LONGEST_LINE, LONGEST_TEXT = 300, 2000
# In the order of the editor's tabs.
SECTIONS: dict[str, tuple[str, ...]] = {
    "severity": ("about", "matrix"),
    "roles": ("roles", "care"),
    "tasks": ("tasks",),
    "messages": ("messages", "never", "channels"),
    "escalation": ("policy", "times"),
}


def checked(content: Mapping[str, Any]) -> Content:
    """Return the content as it is kept, cleaned. Refused, in words, for what makes no sense."""
    try:
        made: Content = {
            "about": text(content["about"], LONGEST_TEXT),
            "matrix": _matrix(content["matrix"]),
            "roles": _roles(content["roles"]),
            "tasks": _tasks(content["tasks"]),
            "messages": lines(content["messages"]),
            "never": lines(content["never"]),
            "channels": _channels(content["channels"]),
            "policy": _whole_or_none(content["policy"]),
            "times": _times(content["times"]),
            "care": {name: _span_or_none(content["care"][name]) for name in ("limit", "grace")},
        }
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as broken:
        raise Refused(_("The plan is not whole: %(what)s") % {"what": broken}) from broken
    return made


def text(value: Any, longest: int) -> str:
    """Return what was typed, cleaned; Refused if it is longer."""
    said = clean(str(value or "")).strip()
    if len(said) > longest:
        raise Refused(_("At most %(most)d characters fit here.") % {"most": longest})
    return said


def lines(values: Any) -> list[str]:
    """Return the lines that say something."""
    found = [text(value, LONGEST_LINE) for value in values]
    kept = [line for line in found if line]
    if len(kept) > MOST_LINES:
        raise Refused(_("At most %(most)d lines fit here.") % {"most": MOST_LINES})
    return kept


def _channels(values: Any) -> list[dict[str, str]]:
    rows = [
        {"name": text(each["name"], 120), "note": text(each.get("note"), LONGEST_LINE)}
        for each in values
    ]
    return [row for row in rows if row["name"]][:MOST_LINES]


def _whole_or_none(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


def _span_or_none(value: Any) -> int | None:
    if value is None:
        return None
    seconds = int(value)
    if not 60 <= seconds <= 366 * 86400:
        raise Refused(_("A time is between one minute and a year."))
    return seconds - seconds % 60


def _least(value: Any) -> int:
    """A severity from which something holds."""
    return Severity(int(value)).value


def _roles(values: Any) -> list[Content]:
    rows: dict[str, Content] = {}
    for each in values:
        role = IncidentRole(each["role"]).value
        if role in rows:
            label = IncidentRole(role).label
            raise Refused(_("The role is there twice: %(role)s.") % {"role": label})
        duty = text(each.get("duty"), LONGEST_LINE)
        rows[role] = {"role": role, "from": _least(each["from"]), "duty": duty}
    order = IncidentRole.values
    return sorted(rows.values(), key=lambda row: order.index(row["role"]))


def _tasks(values: Any) -> list[Content]:
    rows = [_task(each) for each in values if str(each.get("title") or "").strip()]
    if len(rows) > MOST_TASKS:
        raise Refused(_("A plan has at most %(most)d tasks.") % {"most": MOST_TASKS})
    keys = [row["key"] for row in rows]
    if len(set(keys)) < len(keys):
        raise Refused(_("Two tasks have the same key."))
    return rows


def _task(each: Mapping[str, Any]) -> Content:
    role = each.get("role") or ""
    due = each.get("due")
    return {
        "key": str(each.get("key") or uuid.uuid4().hex[:12])[:40],
        "title": text(each["title"], 200),
        "detail": text(each.get("detail"), LONGEST_TEXT),
        "role": IncidentRole(role).value if role else "",
        "due": None if due is None else _span_or_none(due),
        "from": _least(each.get("from", 4)),
        "personal_data": bool(each.get("personal_data", False)),
    }


def _matrix(value: Mapping[str, Any]) -> Content:
    harm, blame = value["harm"], value["blame"]
    guide = [text(said, LONGEST_LINE) for said in harm["guide"]]
    return {
        **{axis: _pair(value[axis]) for axis in ("reach", "influence", "speed")},
        "harm": {"kinds": _harm(harm["kinds"]), "guide": [*guide, "", ""][:2]},
        "blame": {name: _share_pair(blame[name]) for name in ("negative", "blaming")},
        "levels": _levels(value["levels"]),
        "floor": _least(value["floor"]),
    }


def _harm(kinds: Mapping[str, Any]) -> dict[str, int]:
    made = {CrisisType(kind).value: int(points) for kind, points in kinds.items()}
    if any(points not in (0, 1, 2) for points in made.values()):
        raise Refused(_("Harm is scored 0, 1 or 2."))
    return {kind: points for kind, points in made.items() if points}


def _pair(values: Any) -> list[float]:
    one, two = (float(each) for each in values)
    if one < 0 or two < one:
        raise Refused(_("The threshold for two points is at least that for one."))
    return [int(each) if each == int(each) else each for each in (one, two)]


def _share_pair(values: Any) -> list[float]:
    pair = _pair(values)
    if pair[1] > 1:
        raise Refused(_("A share is at most 100%."))
    return pair


def _levels(values: Mapping[str, Any]) -> dict[str, int]:
    made = {level: int(values[level]) for level in ("1", "2", "3")}
    if not 10 >= made["1"] >= made["2"] >= made["3"] >= 1:
        raise Refused(_("The graver the severity, the more points it takes: 10 at most."))
    return made


def _times(values: Mapping[str, Any]) -> dict[str, Content]:
    made: dict[str, Content] = {}
    for severity in ("1", "2", "3", "4"):
        times = values[severity]
        acknowledge, respond = (_span_or_none(times[each]) for each in ("acknowledge", "respond"))
        if acknowledge is None or respond is None:
            raise Refused(_("Each severity needs a time to acknowledge and one to respond."))
        update = _span_or_none(times.get("update"))
        made[severity] = {"acknowledge": acknowledge, "respond": respond, "update": update}
    return made


def holds(task: Mapping[str, Any], *, severity: int, personal_data: bool) -> bool:
    """Whether a task's conditions are met."""
    return severity <= task["from"] and (personal_data or not task["personal_data"])
