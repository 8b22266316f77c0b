"""What this room shows on the pages of an incident."""

from django.utils.translation import gettext_lazy as _

from core.panels import Panel
from incidents.panels import REVIEW, WAR_ROOM
from monitoring.panels import ACTIONS, RowAction

WAR_ROOM.add(Panel("drafts", _("Drafts"), "responses:panel", order=10, live="drafts"))
REVIEW.add(Panel("published", _("What we said"), "responses:published", order=20, live="drafts"))
ACTIONS.append(RowAction("reply", _("Reply"), "message-reply", "r", "responses:reply"))
