"""Codes of the statement page."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EntryForm(models.TextChoices):
    """What an entry is on the page. Its value stands in the signed document, in lower case."""

    UPDATE = "UPDATE", _("Update")
    TRANSLATION = "TRANSLATION", _("Translation")
    CORRECTION = "CORRECTION", _("Correction")
    WITHDRAWAL = "WITHDRAWAL", _("Withdrawal")
    CLOSING = "CLOSING", _("Closing note")


# Those that speak of an entry before them, and those that begin a news of their own.
ABOUT = (EntryForm.TRANSLATION, EntryForm.CORRECTION, EntryForm.WITHDRAWAL)
NEWS = (EntryForm.UPDATE, EntryForm.CLOSING)
