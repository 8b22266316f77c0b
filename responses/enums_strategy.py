"""Codes of the strategy advisor."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Posture(models.TextChoices):
    """How we stand to what is held against us (SCCT), beside informing and caring."""

    BASE = "base", pgettext_lazy("posture", "Inform and care only")
    DENY = "deny", pgettext_lazy("posture", "Deny")
    DIMINISH = "diminish", pgettext_lazy("posture", "Diminish")
    REBUILD = "rebuild", pgettext_lazy("posture", "Rebuild")


class Stance(models.TextChoices):
    """What a sentence does: a posture, or bolstering, which is only added to one."""

    DENY = "deny", pgettext_lazy("stance", "Denies")
    DIMINISH = "diminish", pgettext_lazy("stance", "Plays down")
    REBUILD = "rebuild", pgettext_lazy("stance", "Takes responsibility")
    BOLSTER = "bolster", pgettext_lazy("stance", "Praises")


class Confidence(models.TextChoices):
    """There is no "high": the theory rests on experiments, and they do not all agree."""

    LOW = "low", _("Low")
    MODERATE = "moderate", _("Moderate")
