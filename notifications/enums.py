"""How people can be told: leaf values that every room may import."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Urgency(models.TextChoices):
    """How a notice goes out: a page wakes someone, news waits to be read."""

    PAGE = "PAGE", _("Page")
    NEWS = "NEWS", pgettext_lazy("urgency", "News")


class Means(models.TextChoices):
    """By what a notice leaves the app, as the person thinks of it."""

    EMAIL = "email", _("E-mail")
    PUSH = "push", _("Push on your devices")
    SMS = "sms", _("Text message")
    VOICE = "voice", _("Phone call")
    CHAT = "chat", _("Chat or app")
    WEBHOOK = "webhook", _("Webhook")


class DeliveryState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting to be sent")
    SENT = "SENT", _("Sent")
    FAILED = "FAILED", _("Failed")
    # No mail server is configured: the notice is in the app only, and the page says so.
    KEPT = "KEPT", _("Kept in the app")
    # The provider is known to be down: somebody's next address was used at once instead.
    PASSED = "PASSED", _("Passed over")
    # Somebody acknowledged, or the person has read it, before its time had come.
    CANCELLED = "CANCELLED", _("Not needed any more")


class Trouble(models.TextChoices):
    """Reasons of our own in `Delivery.error`; anything else there is what the server said."""

    NO_SERVER = "NO_SERVER", _("No mail server is set up.")
    INTERRUPTED = "INTERRUPTED", _("Sending was interrupted again and again.")
    LEFT = "LEFT", _("The person no longer belongs to the brand.")
    DOWN = "DOWN", _("The service does not work at the moment.")
    GONE = "GONE", _("The device no longer takes pushes: it was removed.")
    REMOVED = "REMOVED", _("The address was removed.")


class Health(models.TextChoices):
    """How a provider is doing: DOWN is passed over, TRYING gets one message to prove itself."""

    WORKING = "WORKING", _("Works")
    DOWN = "DOWN", _("Does not work")
    TRYING = "TRYING", _("Being tried")


class Via(models.TextChoices):
    """How somebody answered without signing in."""

    LINK = "LINK", _("by a link")
    MAIL = "MAIL", _("by e-mail")
    TEXT = "TEXT", _("by text message")
