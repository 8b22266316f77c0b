"""What this room shows on an incident's review."""

from django.utils.translation import gettext_lazy as _

from core.panels import Panel
from incidents.panels import REVIEW

REVIEW.add(Panel("effects", _("After each publication"), "reviews:effects", order=20))
REVIEW.add(Panel("handling", _("How it was handled"), "reviews:handling", order=30))
REVIEW.add(Panel("lessons", _("What we learned"), "reviews:lessons", order=50, live="lessons"))
REVIEW.add(Panel("follow_ups", _("Follow-ups"), "reviews:follow_ups", order=60, live="follow_ups"))
