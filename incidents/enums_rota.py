"""Codes of rotas."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TurnUnit(models.TextChoices):
    """What the length of a turn in a rota is counted in."""

    HOUR = "HOUR", _("hours")
    DAY = "DAY", _("days")
    WEEK = "WEEK", _("weeks")


class OnHolidays(models.TextChoices):
    """What a line of a rota does on holidays."""

    USUAL = "USUAL", _("As on any other day")
    SUNDAY = "SUNDAY", _("As on a Sunday")
    OFF = "OFF", _("Nobody is on duty")


class How(models.TextChoices):
    """How somebody came to be on duty."""

    TURN = "TURN", _("own turn")
    COVER = "COVER", _("took over")
    STAND_IN = "STAND_IN", _("stands in")
    FALLBACK = "FALLBACK", _("called when nobody is on duty")
    EXTRA = "EXTRA", _("extra duty")


class SwapState(models.TextChoices):
    """Where a request to take over a duty is."""

    OPEN = "OPEN", _("Asked")
    TAKEN = "TAKEN", _("Taken")
    REFUSED = "REFUSED", _("Declined")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
