"""Codes of the case library."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CaseOrigin(models.TextChoices):
    """Where a case comes from: with the product, written here, or made from an incident."""

    SHIPPED = "SHIPPED", _("Ready-made")
    OWN = "OWN", _("Written here")
    INCIDENT = "INCIDENT", _("From an incident")


class Cluster(models.TextChoices):
    """How much responsibility people give the organisation (SCCT)."""

    VICTIM = "victim", pgettext_lazy("cluster", "Victim: little responsibility")
    ACCIDENTAL = "accidental", pgettext_lazy("cluster", "Accidental: some responsibility")
    PREVENTABLE = "preventable", pgettext_lazy("cluster", "Preventable: full responsibility")


class Strategy(models.TextChoices):
    """What the organisation did in words: Coombs' strategies, and those of a paracrisis."""

    INSTRUCTING = "instructing", _("Told people what to do")
    ADJUSTING = "adjusting", _("Showed concern")
    SILENCE = "silence", _("Said nothing")
    ATTACK = "attack", _("Attacked the accuser")
    DENIAL = "denial", _("Denied it")
    SCAPEGOAT = "scapegoat", _("Blamed somebody else")
    EXCUSE = "excuse", _("Excused itself")
    JUSTIFICATION = "justification", _("Made the harm smaller")
    COMPENSATION = "compensation", _("Compensated")
    APOLOGY = "apology", _("Apologised")
    REFORM = "reform", _("Changed what it did")
    REMINDER = "reminder", _("Reminded of past good")
    INGRATIATION = "ingratiation", _("Praised those affected")
    VICTIMAGE = "victimage", _("Showed itself as a victim")
    HUMOUR = "humour", _("Answered with humour")
