"""Codes of the help by a language model."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Wish(models.TextChoices):
    """What the model is asked for."""

    FIRST = "FIRST", _("First draft")
    SHORTER = "SHORTER", _("Shorter")
    KINDER = "KINDER", _("Kinder")
    DANISH = "DANISH", _("In Danish")
    ENGLISH = "ENGLISH", _("In English")


class SuggestionState(models.TextChoices):
    WAITING = "WAITING", pgettext_lazy("suggestion", "Not yet asked")
    ASKED = "ASKED", pgettext_lazy("suggestion", "Being written")
    READY = "READY", pgettext_lazy("suggestion", "Ready to be read")
    FAILED = "FAILED", pgettext_lazy("suggestion", "Failed")
    CANCELLED = "CANCELLED", pgettext_lazy("suggestion", "Cancelled")
    ACCEPTED = "ACCEPTED", pgettext_lazy("suggestion", "Taken into the draft")
    DISMISSED = "DISMISSED", pgettext_lazy("suggestion", "Put aside")
