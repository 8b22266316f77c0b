"""What the shell's navigation shows, and what waits behind each entry."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.navigation import Entry, Pip, add
from incidents.enums import Severity, State
from incidents.models import Incident
from responses.selectors import waiting_for


def open_incidents(user: User) -> Pip:
    """Open incidents of the two highest severities: what the red pip counts."""
    rows = Incident.objects.visible_to(user).exclude(state=State.RESOLVED)
    return rows.filter(severity__lte=Severity.SEV2).count(), True


def waiting_approvals(user: User) -> Pip:
    """Drafts that wait for an approval this person may give."""
    return waiting_for(user).count(), False


def register() -> None:
    """Called once by the AppConfig; an entry whose page does not exist is not shown."""
    add(
        Entry(_("Overview"), "layout-dashboard", "overview", ("overview",), key="O"),
        Entry(_("Mentions"), "messages", "monitoring:mentions", ("monitoring:",), key="M"),
        Entry(
            _("Incidents"),
            "urgent",
            "incidents:list",
            ("incidents:",),
            key="I",
            pip=open_incidents,
            pip_words=pgettext_lazy("incidents", "open"),
        ),
        Entry(
            _("Respond"),
            "edit",
            "responses:respond",
            ("responses:",),
            key="A",
            pip=waiting_approvals,
            pip_words=_("waiting for you"),
        ),
        Entry(
            _("Cases"),
            "archive",
            "training:cases",
            ("training:", "incidents:review"),
            key="L",
            on_phone=False,
        ),
        Entry(
            _("Settings"),
            "settings",
            "accounts:settings",
            (
                "accounts:",
                "monitoring:source",
                "monitoring:import",
                "incidents:on_call",
                "incidents:polic",
            ),
            on_phone=False,
            at_foot=True,
        ),
    )
