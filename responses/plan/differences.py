"""What differs between two versions of a communication plan, in words of the active language."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from responses.enums_plan import Audience

Content = Mapping[str, Any]
Rows = dict[Any, Content]


def differences(before: Content, after: Content, names: Mapping[int, str]) -> list[str]:
    """Return a sentence for each difference. `names` are those of the people, by id."""
    return [
        *_maps(_by(before["maps"], "key"), _by(after["maps"], "key")),
        *_speakers(_by(before["speakers"], "user"), _by(after["speakers"], "user"), names),
        *_channels(_by(before["channels"], "name"), _by(after["channels"], "name")),
        *_voice(before["voice"], after["voice"]),
        *_order(before["order"], after["order"]),
    ]


def people(content: Content) -> set[int]:
    """Return the ids of everybody whom the plan names."""
    speakers = {pk for row in content["speakers"] for pk in (row["user"], *row["deputies"])}
    owners = {row[name] for row in content["channels"] for name in ("owner", "deputy")}
    return {pk for pk in speakers | owners if pk}


def _by(rows: list[Content], name: str) -> Rows:
    return {row[name]: row for row in rows}


def _turned(before: Rows, after: Rows) -> tuple[list[Content], list[Content], list[Any]]:
    """What was added, what was taken out, and the keys of what was changed."""
    added = [after[key] for key in after if key not in before]
    gone = [before[key] for key in before if key not in after]
    return added, gone, [key for key in after if key in before and before[key] != after[key]]


def _maps(before: Rows, after: Rows) -> Iterator[str]:
    added, gone, changed = _turned(before, after)
    for row in added:
        yield _("Message map added: “%(question)s”.") % row
    for row in gone:
        yield _("Message map taken out: “%(question)s”.") % row
    for key in changed:
        yield from _map(before[key], after[key])


def _map(old: Content, new: Content) -> Iterator[str]:
    name = {"question": new["question"]}
    if any(old[each] != new[each] for each in ("question", "kind", "audience", "language")):
        yield _("Message map “%(question)s”: what it is for is put anew.") % name
    was, now = ([message["text"] for message in row["messages"]] for row in (old, new))
    for said in (each for each in now if each not in was):
        yield _("Message map “%(question)s” now says: “%(said)s”") % (name | {"said": said})
    for said in (each for each in was if each not in now):
        yield _("Message map “%(question)s” no longer says: “%(said)s”") % (name | {"said": said})
    if was == now and old["messages"] != new["messages"]:
        yield _("Message map “%(question)s”: the facts behind it are changed.") % name


def _speakers(before: Rows, after: Rows, names: Mapping[int, str]) -> Iterator[str]:
    added, gone, changed = _turned(before, after)
    for row in added:
        yield _("Spokesperson added: %(name)s.") % {"name": names.get(row["user"], "–")}
    for row in gone:
        yield _("No longer a spokesperson: %(name)s.") % {"name": names.get(row["user"], "–")}
    for pk in changed:
        name = {"name": names.get(pk, "–")}
        if before[pk]["deputies"] != after[pk]["deputies"]:
            stand_in = ", ".join(names.get(each, "–") for each in after[pk]["deputies"])
            yield _("%(name)s: deputies are now %(deputies)s.") % (
                name | {"deputies": stand_in or "–"}
            )
        if any(before[pk][each] != after[pk][each] for each in ("kinds", "languages", "note")):
            yield _("%(name)s: what they speak about is changed.") % name
    if list(before) != list(after) and set(before) == set(after):
        yield _("The spokespersons are asked in another order.")


def _channels(before: Rows, after: Rows) -> Iterator[str]:
    added, gone, changed = _turned(before, after)
    for row in added:
        yield _("Channel added: %(name)s.") % row
    for row in gone:
        yield _("Channel taken out: %(name)s.") % row
    for name in changed:
        old, new = before[name], after[name]
        owners = any(old[each] != new[each] for each in ("owner", "deputy"))
        said = _("Channel %(name)s: other owners.") if owners else _("Channel %(name)s is changed.")
        yield said % {"name": name}


def _voice(before: Content, after: Content) -> Iterator[str]:
    labels = {
        "tone": _("tone"), "values": _("values"), "do": _("what we do"), "dont": _("what we do not")
    }  # fmt: skip
    for language in sorted({*before, *after}):
        old, new = before.get(language, {}), after.get(language, {})
        for name, label in labels.items():
            if (old.get(name) or None) != (new.get(name) or None):
                yield _("%(language)s: %(what)s is changed.") % {
                    "language": formats.language_name(language), "what": label,
                }  # fmt: skip


def _order(before: list[Content], after: list[Content]) -> Iterator[str]:
    was, now = ([row["audience"] for row in rows] for rows in (before, after))
    if was != now:
        said = ", ".join(str(Audience(each).label) for each in now)
        yield _("Order of telling: %(order)s.") % {"order": said or "–"}
    elif before != after:
        yield _("Order of telling: by what or by whom is changed.")
