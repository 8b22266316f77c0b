"""Leaf values of the reviews room."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FollowUpState(models.TextChoices):
    OPEN = "OPEN", pgettext_lazy("follow-up", "Open")
    DONE = "DONE", pgettext_lazy("follow-up", "Done")
    DROPPED = "DROPPED", _("Not doing it")
