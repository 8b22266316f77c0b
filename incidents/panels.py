"""Places on this room's pages that the rooms above fill. Each URL takes the reference.

And this room's own pages among the settings.
"""

from django.utils.translation import gettext_lazy as _

from accounts.panels import settings_page
from core.panels import Panel, Slot
from monitoring.panels import MENTION

WAR_ROOM = Slot("incidents.war_room")
REVIEW = Slot("incidents.review")

# Beginnings of the names of the pages around rotas.
ON_CALL = tuple(
    f"incidents:{page}"
    for page in (
        *("on_call", "remove_shift", "rota", "my_duties", "ask_cover"),
        *("absence_", "feed_", "cover_", "swap_"),
    )
)

settings_page(
    "incidents:on_call",
    _("On call"),
    _("Who is called first, and when."),
    order=50,
    icon="phone-call",
    owns=(
        "incidents:on_call",
        "incidents:remove_shift",
        "incidents:rota",
        "incidents:my_duties",
        "incidents:ask_cover",
        "incidents:absence",
        "incidents:feed",
        "incidents:cover",
        "incidents:swap",
    ),
)
settings_page(
    "incidents:policies",
    _("Escalation policies"),
    _("Who is called next, and after how long."),
    order=60,
    icon="stairs-up",
    owns=("incidents:polic",),
)

# What is spoken of, from the monitoring room, beside what this room has.
WAR_ROOM.add(Panel("themes", _("Themes"), "incidents:themes", order=50, live="themes"))

# The incident's record.
WAR_ROOM.add(Panel("situation", _("Situation"), "incidents:situation", order=11, live="situation"))
WAR_ROOM.add(Panel("clocks", _("The public's clock"), "incidents:clocks", order=12, live="clocks"))
WAR_ROOM.add(Panel("promises", _("Promises"), "incidents:promises", order=14, live="promises"))
WAR_ROOM.add(Panel("facts", _("Facts"), "incidents:facts", order=20, live="facts"))
WAR_ROOM.add(
    Panel("updates", _("Updates to subscribers"), "incidents:updates", order=53, live="briefs")
)
WAR_ROOM.add(
    Panel("handover", _("Hand-over"), "incidents:handover_panel", order=54, live="handover")
)
WAR_ROOM.add(Panel("files", _("Files"), "incidents:files", order=55, live="files"))
WAR_ROOM.add(Panel("precedents", _("What this reminds of"), "incidents:precedents", order=64))
WAR_ROOM.add(Panel("related", _("Linked incidents"), "incidents:related", order=62, live="links"))
WAR_ROOM.add(Panel("members", _("Who sees it"), "incidents:members", order=60, live="members"))

settings_page(
    "incidents:triage_settings",
    _("Triage"),
    _("What is looked at before anybody is called."),
    order=65,
    icon="help-circle",
    owns=("incidents:triage_settings",),
)
settings_page(
    "incidents:sealed",
    _("Private incidents"),
    _("Private incidents that you are no member of, for when nobody inside can be reached."),
    order=70,
    icon="lock",
    owns=("incidents:sealed",),
)

# Who does what, and what the plan says.
WAR_ROOM.add(Panel("roles", _("Roles"), "incidents:roles", order=30, live="roles"))
WAR_ROOM.add(Panel("plan", _("Plan"), "incidents:plan", order=40, live="plan"))

WAR_ROOM.add(Panel("breach", _("Personal data"), "incidents:breach", order=24, live="breach"))
WAR_ROOM.add(Panel("decisions", _("Decisions"), "incidents:decisions", order=22, live="decisions"))

# What this room shows on a mention's page.
MENTION.add(Panel("incident", _("Incident"), "incidents:mention", order=10, live="incidents"))
