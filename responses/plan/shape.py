"""What a communication plan says, and whether it makes sense. The shape of a version's `content`:

    maps      [{"key": unchanging id, "kind": PlanKind or "" for every kind, "audience": Audience,
                "language": code, "question": what they ask,
                "messages": [{"text", "facts": [a sentence each]}]}]
    speakers  [{"user": id, "deputies": [ids, in turn], "kinds": [PlanKind; empty: every kind],
                "languages": as it is written, "note"}], in the order in which they are asked
    channels  [{"name", "account": id or null, "owner": id or null, "deputy": id or null, "note"}]
    voice     {language: {"tone", "values": [...], "do": [...], "dont": [...]}}
    order     [{"audience": Audience, "how": by what, "who": who does it}], the first told first

An order that is not empty has the public in it, so that it is clear who comes before.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import Refused
from incidents.enums import PlanKind
from incidents.plan_shape import LONGEST_LINE, LONGEST_TEXT, lines, text
from responses.enums_plan import Audience, PlanSection

Content = dict[str, Any]

MOST_MAPS, MOST_MESSAGES, MOST_FACTS = 60, 5, 6
MOST_SPEAKERS, MOST_DEPUTIES, MOST_CHANNELS = 12, 3, 30
NAME = 120
_VOICE = ("values", "do", "dont")


def empty() -> Content:
    """What a plan says before anybody has written in it."""
    return {"maps": [], "speakers": [], "channels": [], "voice": {}, "order": []}


def usual_order() -> list[Content]:
    """The order that is offered first: those affected, staff, regulator, partners, public."""
    first = (Audience.AFFECTED, Audience.STAFF, Audience.REGULATOR, Audience.PARTNERS)
    return [{"audience": each.value, "how": "", "who": ""} for each in (*first, Audience.PUBLIC)]


def checked(content: Mapping[str, Any]) -> Content:
    """Return the content as it is kept, cleaned. Refused, in words, for what makes no sense."""
    try:
        return {
            PlanSection.MAPS.value: _maps(content["maps"]),
            PlanSection.SPEAKERS.value: _speakers(content["speakers"]),
            PlanSection.CHANNELS.value: _channels(content["channels"]),
            PlanSection.VOICE.value: _voice(content["voice"]),
            PlanSection.ORDER.value: _order(content["order"]),
        }
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        raise Refused(_("The plan is not whole: %(what)s") % {"what": broken}) from broken


def _most(rows: list[Any], most: int) -> list[Any]:
    if len(rows) > most:
        raise Refused(_("At most %(most)d lines fit here.") % {"most": most})
    return rows


def _kind(value: Any) -> str:
    return PlanKind(value).value if value else ""


def _person(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


def _maps(values: Any) -> list[Content]:
    rows = _most([_map(each) for each in values], MOST_MAPS)
    keys = {row["key"] for row in rows}
    if len(keys) < len(rows):
        raise Refused(_("Two message maps have the same key."))
    return rows


def _map(each: Mapping[str, Any]) -> Content:
    question = text(each.get("question"), LONGEST_LINE)
    if not question:
        raise Refused(_("Write the question that the message map answers."))
    messages = [
        {"text": said, "facts": _most(lines(message.get("facts") or []), MOST_FACTS)}
        for message in each["messages"]
        if (said := text(message.get("text"), LONGEST_LINE))
    ]
    return {
        "key": str(each.get("key") or uuid.uuid4().hex[:12])[:40],
        "kind": _kind(each.get("kind")),
        "audience": Audience(each.get("audience") or Audience.PUBLIC).value,
        "language": _language(each.get("language")),
        "question": question,
        "messages": _most(messages, MOST_MESSAGES),
    }


def _language(value: Any) -> str:
    if value not in dict(settings.LANGUAGES):
        raise Refused(_("There is no such language: %(language)s.") % {"language": value})
    return str(value)


def _speakers(values: Any) -> list[Content]:
    rows: dict[int, Content] = {}
    for each in values:
        user = int(each["user"])
        if user in rows:
            raise Refused(_("Somebody is a spokesperson twice."))
        stand_in = [int(pk) for pk in each.get("deputies") or ()]
        rows[user] = {
            "user": user,
            "deputies": [pk for pk in dict.fromkeys(stand_in) if pk != user][:MOST_DEPUTIES],
            "kinds": [kind.value for kind in PlanKind if kind.value in (each.get("kinds") or ())],
            "languages": text(each.get("languages"), NAME),
            "note": text(each.get("note"), LONGEST_LINE),
        }
    return _most(list(rows.values()), MOST_SPEAKERS)


def _channels(values: Any) -> list[Content]:
    rows = [
        {
            "name": name,
            "account": _person(each.get("account")),
            "owner": _person(each.get("owner")),
            "deputy": _person(each.get("deputy")),
            "note": text(each.get("note"), LONGEST_LINE),
        }
        for each in values
        if (name := text(each["name"], NAME))
    ]
    return _most(rows, MOST_CHANNELS)


def _voice(values: Mapping[str, Any]) -> Content:
    made = {}
    for language, said in values.items():
        row: Content = {"tone": text(said.get("tone"), LONGEST_TEXT)}
        row |= {name: lines(said.get(name) or []) for name in _VOICE}
        if any(row.values()):
            made[_language(language)] = row
    return made


def _order(values: Any) -> list[Content]:
    rows: dict[str, Content] = {}
    for each in values:
        audience = Audience(each["audience"])
        if audience.value in rows:
            raise Refused(_("%(who)s: twice in the order.") % {"who": audience.label})
        how, who = (text(each.get(name), LONGEST_LINE) for name in ("how", "who"))
        rows[audience.value] = {"audience": audience.value, "how": how, "who": who}
    if rows and Audience.PUBLIC not in rows:
        raise Refused(_("The order needs a place for the public."))
    return list(rows.values())
