"""Codes of the communication plan."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Audience(models.TextChoices):
    """Whom we speak to. The order here is the usual order of telling."""

    AFFECTED = "AFFECTED", _("Those affected")
    STAFF = "STAFF", _("Staff")
    REGULATOR = "REGULATOR", _("Regulator")
    PARTNERS = "PARTNERS", _("Partners")
    CUSTOMERS = "CUSTOMERS", _("Customers")
    OWNERS = "OWNERS", _("Owners and investors")
    PRESS = "PRESS", _("Press")
    PUBLIC = "PUBLIC", _("The public")


class PlanSection(models.TextChoices):
    """The parts of a communication plan, in the order of its tabs."""

    MAPS = "maps", _("Key messages")
    SPEAKERS = "speakers", _("Spokespersons")
    CHANNELS = "channels", _("Channels")
    VOICE = "voice", _("Values and tone")
    ORDER = "order", _("Order of telling")
