"""Codes of the monitoring room: leaf values that every room above may import."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sentiment(models.TextChoices):
    NEGATIVE = "negative", _("Negative")
    NEUTRAL = "neutral", _("Neutral")
    POSITIVE = "positive", _("Positive")


class CrisisType(models.TextChoices):
    """The kinds of trouble a mention may speak of."""

    NONE = "none", _("No crisis")
    NEGATIVE_REVIEW = "negative_review", _("Negative review")
    CUSTOMER_SERVICE = "customer_service", _("Customer service")
    SERVICE_DISRUPTION = "service_disruption", _("Service disruption")
    PRODUCT_SAFETY = "product_safety", _("Product safety")
    DATA_BREACH = "data_breach", _("Data breach")
    VIRAL_BACKLASH = "viral_backlash", _("Viral backlash")
    PR_DISASTER = "pr_disaster", _("PR disaster")
    LEGAL_REGULATORY = "legal_regulatory", _("Legal or regulatory")
    MISINFORMATION = "misinformation", _("Misinformation")


class SourceKind(models.TextChoices):
    FEED = "feed", _("RSS or Atom feed")
    FILE = "file", _("File import")
    WEBHOOK = "webhook", _("Inbound webhook")
    SIMULATOR = "simulator", _("Simulated network")


class DetectionKind(models.TextChoices):
    VOLUME = "VOLUME", _("Unusual volume")
    NEGATIVE_SHARE = "NEGATIVE_SHARE", _("Unusual share of negative")


class ImportState(models.TextChoices):
    """The life of a file import."""

    UPLOADED = "UPLOADED", _("Waiting for its columns to be mapped")
    QUEUED = "QUEUED", _("Waiting to start")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Stopped")
