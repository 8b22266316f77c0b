"""What this room shows on an incident's review."""

from django.utils.translation import gettext_lazy as _

from core.panels import Panel
from incidents.panels import REVIEW

REVIEW.add(Panel("lessons", _("What we learned"), "reviews:lessons", order=50, live="lessons"))
