"""What differs between two versions of a crisis plan, in words of the active language."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from core import formats

from .enums import Axis, IncidentRole, Severity
from .spans import written

Content = Mapping[str, Any]


def differences(before: Content, after: Content) -> list[str]:
    """Return a sentence for each difference; empty if both say the same."""
    return [
        *_about(before, after),
        *_matrix(before["matrix"], after["matrix"]),
        *_roles(_by(before["roles"], "role"), _by(after["roles"], "role")),
        *_tasks(_by(before["tasks"], "key"), _by(after["tasks"], "key")),
        *_listed(before, after),
        *_times(before["times"], after["times"]),
        *_rest(before, after),
    ]


def _by(rows: list[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    return {row[name]: row for row in rows}


def _about(before: Content, after: Content) -> Iterator[str]:
    if before["about"] != after["about"]:
        yield _("When the plan applies is described anew.")


def _matrix(before: Content, after: Content) -> Iterator[str]:
    for axis in (Axis.REACH, Axis.SPEED, Axis.INFLUENCE):
        yield from _pair(str(axis.label), before[axis.value], after[axis.value])
    yield from _pair(_("Negative share"), before["blame"]["negative"], after["blame"]["negative"])
    yield from _pair(_("Share that blames"), before["blame"]["blaming"], after["blame"]["blaming"])
    if before["harm"] != after["harm"]:
        yield _("What counts as harm is described anew.")
    for level, least in after["levels"].items():
        if before["levels"][level] != least:
            yield _("%(severity)s from %(after)s points instead of %(before)s.") % {
                "severity": Severity(int(level)).label,
                "after": least,
                "before": before["levels"][level],
            }
    if before["floor"] != after["floor"]:
        yield _("Never less grave than %(after)s instead of %(before)s.") % {
            "after": Severity(after["floor"]).label,
            "before": Severity(before["floor"]).label,
        }


def _pair(label: str, before: list[float], after: list[float]) -> Iterator[str]:
    for points, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        if old != new:
            yield _("%(axis)s, %(points)d of 2: from %(after)s instead of %(before)s.") % {
                "axis": label, "points": points, "after": _figure(new), "before": _figure(old),
            }  # fmt: skip


def _figure(value: float) -> str:
    if 0 < value < 1:
        return formats.percent(value)
    return formats.number(value, 0 if value == int(value) else 1)


def _roles(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for role in (each for each in IncidentRole if each in before or each in after):
        label = {"role": role.label}
        if role not in before:
            yield _("Role added: %(role)s.") % label
        elif role not in after:
            yield _("Role taken out: %(role)s.") % label
        else:
            if before[role]["from"] != after[role]["from"]:
                yield _("%(role)s: filled %(after)s instead of %(before)s.") % {
                    "role": role.label,
                    "after": holds_from(after[role]["from"]),
                    "before": holds_from(before[role]["from"]),
                }
            if before[role]["duty"] != after[role]["duty"]:
                yield _("%(role)s: the duty is worded anew.") % label


def holds_from(severity: int) -> str:
    """Say from when something holds: "always", "from SEV2", "at SEV1 only"."""
    if severity >= Severity.SEV4:
        return _("always")
    if severity == Severity.SEV1:
        return _("at SEV1 only")
    return _("from %(severity)s") % {"severity": Severity(severity).label}


def _tasks(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for key in (each for each in after if each not in before):
        yield _("Task added: “%(title)s”.") % {"title": after[key]["title"]}
    for key in (each for each in before if each not in after):
        yield _("Task taken out: “%(title)s”.") % {"title": before[key]["title"]}
    for key in (each for each in after if each in before and before[each] != after[each]):
        yield from _task(before[key], after[key])


def _task(old: Content, new: Content) -> Iterator[str]:
    title = {"title": new["title"]}
    if old["title"] != new["title"]:
        yield _("Task “%(before)s” is now “%(title)s”.") % (title | {"before": old["title"]})
    if old["due"] != new["due"]:
        spans = {"after": written(new["due"]) or "–", "before": written(old["due"]) or "–"}
        yield _("Task “%(title)s”: due after %(after)s instead of %(before)s.") % (title | spans)
    if old["role"] != new["role"]:
        yield _("Task “%(title)s”: for %(role)s.") % (title | {"role": _role(new["role"])})
    if old["from"] != new["from"]:
        yield _("Task “%(title)s”: %(when)s.") % (title | {"when": holds_from(new["from"])})
    if old["personal_data"] != new["personal_data"]:
        yield (
            _("Task “%(title)s”: only if personal data is concerned.")
            if new["personal_data"]
            else _("Task “%(title)s”: whether or not personal data is concerned.")
        ) % title
    if old["detail"] != new["detail"]:
        yield _("Task “%(title)s”: the detail is worded anew.") % title


def _role(role: str) -> str:
    return str(IncidentRole(role).label) if role else _("whoever takes it")


def _listed(before: Content, after: Content) -> Iterator[str]:
    for text in (each for each in after["messages"] if each not in before["messages"]):
        yield _("Key message added: “%(text)s”") % {"text": text}
    for text in (each for each in before["messages"] if each not in after["messages"]):
        yield _("Key message taken out: “%(text)s”") % {"text": text}
    for text in (each for each in after["never"] if each not in before["never"]):
        yield _("“Do not say” added: “%(text)s”") % {"text": text}
    for text in (each for each in before["never"] if each not in after["never"]):
        yield _("“Do not say” taken out: “%(text)s”") % {"text": text}
    if before["channels"] != after["channels"]:
        names = ", ".join(row["name"] for row in after["channels"])
        yield _("Channels, in this order: %(names)s.") % {"names": names}


def _times(before: Content, after: Content) -> Iterator[str]:
    words = {
        "acknowledge": _("%(severity)s: acknowledge within %(after)s instead of %(before)s."),
        "respond": _("%(severity)s: respond within %(after)s instead of %(before)s."),
        "update": _("%(severity)s: update every %(after)s instead of %(before)s."),
    }
    for level, times in after.items():
        for name, sentence in words.items():
            if times[name] != before[level][name]:
                yield sentence % {
                    "severity": Severity(int(level)).label,
                    "after": written(times[name]) or "–",
                    "before": written(before[level][name]) or "–",
                }


def _rest(before: Content, after: Content) -> Iterator[str]:
    if before["policy"] != after["policy"]:
        yield _("Another escalation policy.")
    if before["care"] != after["care"]:
        yield _("Hand-over after %(limit)s in a role.") % {
            "limit": written(after["care"]["limit"]) or _("the brand's usual time")
        }
