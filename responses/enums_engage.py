"""Codes of the inbox and the concern board: leaf values."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ConversationState(models.TextChoices):
    """Whose turn it is."""

    OPEN = "OPEN", pgettext_lazy("conversation", "To answer")
    WAITING = "WAITING", pgettext_lazy("conversation", "Answered")
    SOLVED = "SOLVED", pgettext_lazy("conversation", "Solved")
    IGNORED = "IGNORED", pgettext_lazy("conversation", "Left alone")


class CameBy(models.TextChoices):
    """Why a conversation is in the inbox."""

    LINKED = "LINKED", _("Linked to the incident")
    REPLY = "REPLY", _("Answers something of ours")
    TRIAGE = "TRIAGE", _("To be answered, by triage")


class RunKind(models.TextChoices):
    """Which word of an answer to many this is."""

    ANSWER = "ANSWER", _("The answer")
    FIXED = "FIXED", _("It is put right")
