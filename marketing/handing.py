"""The pause in the hand-over note, the war room's command and the ladder's step. Imported by the
AppConfig."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums import Permission
from accounts.models import User
from incidents import commands, steps
from incidents.commands import Command
from incidents.escalation import Step
from incidents.handing import section
from incidents.models import Incident

from .enums import PostState
from .services import Terms, press, press_by_policy


@section(gettext_lazy("Marketing"), order=45)
def pauses(incident: Incident, now: datetime) -> list[str]:
    """Pauses of this incident that nobody has ended, with what waits."""
    return [
        _("Paused: %(reason)s. Held posts: %(count)d. Decides: %(name)s")
        % {
            "reason": pause.reason,
            "count": pause.posts.filter(state=PostState.HELD).count(),
            "name": pause.owner or "–",
        }
        for pause in incident.pauses.filter(ended_at=None).select_related("owner")
    ]


def _pause(incident: Incident, rest: str, by: User, now: datetime) -> object:
    return press(incident.brand, Terms(rest), by=by, incident=incident, now=now)


def _by_policy(incident: Incident, _step: Step, now: datetime) -> bool:
    """A fire drill pauses nothing: it must not touch what is real."""
    return not incident.is_drill and press_by_policy(incident, now)


commands.register(
    Command(
        "pause",
        ("pause",),
        gettext_lazy("/pause why"),
        gettext_lazy("Pause all marketing of the brand. Planned posts are held at once."),
        _pause,
        Permission.PAUSE_MARKETING,
        order=80,
    )
)
steps.register("pause", _by_policy)
