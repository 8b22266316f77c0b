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


# Out, or it may still come to be.
MAY_BE_OUT = (
    PublicationState.QUEUED,
    PublicationState.SENDING,
    PublicationState.SENT,
    PublicationState.UNCERTAIN,
)


class Act(models.TextChoices):
    """What a draft does once it is approved: say something new, or change what was said."""

    POST = "POST", _("New post")
    EDIT = "EDIT", _("Edit of a published text")
    DELETE = "DELETE", _("Removal of a published text")
    # Goes to people one by one, each time somebody sends it (models_engage.Answer).
    ANSWER = "ANSWER", _("Answer to people who ask")


class Risk(models.TextChoices):
    """What makes a text riskier than others: found by the desk, or said by whoever wrote it."""

    PERSONAL_DATA = "PERSONAL_DATA", _("Personal data")
    LEGAL = "LEGAL", _("Legal")
    UNVERIFIED = "UNVERIFIED", _("Cites a fact that is not verified")


class StepMode(models.TextChoices):
    ANY = "ANY", _("One of them")
    ALL = "ALL", _("All of them")


class StepState(models.TextChoices):
    WAITING = "WAITING", _("Not yet asked")
    OPEN = "OPEN", _("Asked")
    DONE = "DONE", _("Approved")
    SKIPPED = "SKIPPED", _("Passed over in an emergency")
    # The text changed, was sent back or dropped: what was said of it is history.
    VOID = "VOID", _("No longer asked")
