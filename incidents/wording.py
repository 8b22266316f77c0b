"""Steps of a ladder in words, in the active language."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.enums import Role

from .conditions import WEEK, Conditions, Hours
from .enums import IncidentRole, Severity, Target
from .escalation import Step


@dataclass(frozen=True)
class Names:
    """What the ids in a ladder are called: people by id, channels and webhooks by target and id."""

    people: Mapping[int, str] = field(default_factory=dict)
    subjects: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def person(self, pk: int | None) -> str:
        return self.people.get(pk or 0, _("Somebody who left"))

    def subject(self, step: Step) -> str:
        return self.subjects.get((step.target, step.subject), _("no longer there"))


def told(step: Step, names: Names) -> str:
    """Say what a step does, in a few words."""
    if step.target == Target.USER:
        return names.person(step.user)
    if step.target == Target.TURN:
        line = ", ".join(names.person(pk) for pk in step.people)
        return _("Next in turn: %(names)s") % {"names": line}
    say = _SAYING.get(step.target)
    return say(step, names) if say else str(step.target.label)


def _role(step: Step, _names: Names) -> str:
    role = Role(step.role).label if step.role in Role.values else step.role
    return _("Everyone with the role %(role)s") % {"role": role}


def _crew(step: Step, _names: Names) -> str:
    role = IncidentRole(step.role).label if step.role in IncidentRole.values else step.role
    return _("In the incident: %(role)s") % {"role": role}


def _line(step: Step, _names: Names) -> str:
    second = step.line != 1
    return _("On call, second line") if second else str(Target.ON_CALL.label)


def _channel(step: Step, names: Names) -> str:
    return _("Everyone in %(name)s") % {"name": names.subject(step)}


def _webhook(step: Step, names: Names) -> str:
    return _("Webhook: %(name)s") % {"name": names.subject(step)}


def _level(step: Step, _names: Names) -> str:
    return _("Raise to %(severity)s") % {"severity": Severity(step.level).label}


_SAYING = {
    Target.ROLE: _role,
    Target.CREW: _crew,
    Target.ON_CALL: _line,
    Target.CHANNEL: _channel,
    Target.WEBHOOK: _webhook,
    Target.SEVERITY: _level,
}


def limits(step: Step) -> list[str]:
    """Say under which conditions a step is carried out, and how often; empty for always, once."""
    found = conditions(step.only)
    if step.times > 1:
        found.append(ngettext("%(n)d time", "%(n)d times", step.times) % {"n": step.times})
    return found


def conditions(only: Conditions) -> list[str]:
    found = []
    if only.severity is not None:
        found.append(_("only from %(severity)s") % {"severity": Severity(only.severity).label})
    if only.hours is not None:
        found.append(hours(only.hours))
    if only.alarms is not None:
        count, minutes = only.alarms
        found.append(
            ngettext(
                "only after %(count)d alarm in %(minutes)d minutes",
                "only after %(count)d alarms in %(minutes)d minutes",
                count,
            )
            % {"count": count, "minutes": minutes}
        )
    return found


def hours(span: Hours) -> str:
    facts = {
        "start": f"{span.start:%H:%M}",
        "end": f"{span.end:%H:%M}",
        "days": ", ".join(str(WEEKDAYS_ABBR[day]) for day in sorted(span.days)),
        "zone": span.zone,
    }
    if set(span.days) == set(WEEK):
        return _("only %(start)s–%(end)s (%(zone)s)") % facts
    return _("only %(start)s–%(end)s, %(days)s (%(zone)s)") % facts
