"""Codes of the responses room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DraftState(models.TextChoices):
    WRITING = "WRITING", _("Being written")
    SUBMITTED = "SUBMITTED", _("Waiting for approval")
    CHANGES = "CHANGES", _("Changes asked for")
    APPROVED = "APPROVED", _("Approved")
    PUBLISHED = "PUBLISHED", _("Published")
    DROPPED = "DROPPED", _("Dropped")


class Verdict(models.TextChoices):
    APPROVED = "APPROVED", _("Approved")
    CHANGES = "CHANGES", _("Asked for changes")


class PublicationState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting to go out")
    SENDING = "SENDING", _("Going out")
    SENT = "SENT", _("Published")
    FAILED = "FAILED", _("Failed")
    UNCERTAIN = "UNCERTAIN", _("Unsure whether it is out")
    CANCELLED = "CANCELLED", _("Cancelled")
