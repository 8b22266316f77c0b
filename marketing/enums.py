"""Leaf values of this room."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CalendarKind(models.TextChoices):
    """What stands in the calendar."""

    POST = "POST", _("Post")
    CAMPAIGN = "CAMPAIGN", _("Campaign")
    NEWSLETTER = "NEWSLETTER", _("Newsletter")
    AD = "AD", _("Advertisement")


class Origin(models.TextChoices):
    """Where an entry comes from. Only our own posts are sent, and can be held, by this desk."""

    OWN = "OWN", pgettext_lazy("calendar entry", "This desk")
    FILE = "FILE", _("Imported file")
    CALENDAR = "CALENDAR", _("Calendar feed")
    API = "API", _("API")
    WEBHOOK = "WEBHOOK", _("Scheduling tool")


class PostState(models.TextChoices):
    """How far a calendar entry has got."""

    # Sent by a tool outside: this desk can show it and cannot hold it.
    ELSEWHERE = "ELSEWHERE", _("Sent elsewhere")
    QUEUED = "QUEUED", pgettext_lazy("marketing post", "Planned")
    HELD = "HELD", _("Held")
    SENDING = "SENDING", _("Being sent")
    SENT = "SENT", _("Sent")
    FAILED = "FAILED", _("Failed")
    UNCERTAIN = "UNCERTAIN", _("Perhaps sent")
    DROPPED = "DROPPED", _("Dropped")


class Hold(models.TextChoices):
    """Why a post is held."""

    PAUSED = "PAUSED", _("Marketing is paused")
    # Its time passed by while nothing could be sent: never made up for by a machine.
    MISSED = "MISSED", _("Its time has passed")


class FeedKind(models.TextChoices):
    """How entries of outside tools arrive by themselves."""

    CALENDAR = "CALENDAR", _("Calendar address (iCalendar)")
    WEBHOOK = "WEBHOOK", _("Webhook of a scheduling tool")


class Chore(models.TextChoices):
    """What has to be done by hand while marketing is paused."""

    ENTRY = "ENTRY", _("Planned in another tool")
    NATIVE = "NATIVE", _("Planned on the network itself")
    ADS = "ADS", _("Advertisements")
    UNDERWAY = "UNDERWAY", _("On its way when the pause was pressed")
