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


class Emotion(models.TextChoices):
    NONE = "none", _("No strong feeling")
    ANGER = "anger", _("Anger")
    FEAR = "fear", _("Fear")
    MOCKERY = "mockery", _("Mockery")
    DISAPPOINTMENT = "disappointment", _("Disappointment")
    CONCERN = "concern", _("Concern")
    JOY = "joy", _("Joy")


class Blame(models.TextChoices):
    """Whom the author holds responsible."""

    NOBODY = "nobody", _("Nobody")
    US = "us", _("Us")
    PARTNER = "partner", _("A partner or supplier")
    AFFECTED = "affected", _("Those affected")


class About(models.TextChoices):
    """Why a mention is kept: it speaks of the brand, or of what the brand follows beside itself.

    Only what speaks of the brand is counted, and judged, as the brand's volume.
    """

    BRAND = "brand", _("The brand")
    TOPIC = "topic", _("Industry topic")
    COMPETITOR = "competitor", _("Competitor")
    # A person said so; what a query let through by mistake.
    OTHER = "other", _("Something else")


class LabelField(models.TextChoices):
    """What a person may set right about a mention."""

    SENTIMENT = "sentiment", _("Sentiment")
    EMOTION = "emotion", _("Emotion")
    CRISIS_TYPE = "crisis_type", _("Crisis type")
    BLAME = "blame", _("Who is blamed")
    ABOUT = "about", _("What it speaks of")


# What each may be set to.
LABELS: dict[str, type[models.TextChoices]] = {
    LabelField.SENTIMENT: Sentiment,
    LabelField.EMOTION: Emotion,
    LabelField.CRISIS_TYPE: CrisisType,
    LabelField.BLAME: Blame,
    LabelField.ABOUT: About,
}


class QueryKind(models.TextChoices):
    """What a query is for: it decides what a mention that answers it is about."""

    BRAND = "brand", _("Brand")
    WATCH = "watch", _("Watch list")
    TOPIC = "topic", _("Industry topic")
    COMPETITOR = "competitor", _("Competitor")


class WatchList(models.TextChoices):
    EXECUTIVES = "executives", _("Executives")
    PRODUCTS = "products", _("Products")
    CAMPAIGNS = "campaigns", _("Campaigns")
    SUPPLIERS = "suppliers", _("Suppliers")
    MISSPELLINGS = "misspellings", _("Misspellings")


class SourceKind(models.TextChoices):
    """The kinds of source that the product itself knows; see monitoring.kinds for all."""

    FILE = "file", _("File import")
    WEBHOOK = "webhook", _("Inbound webhook")
    # Names of connectors.registry.
    FEED = "feed", _("RSS or Atom feed")
    SIMULATOR = "simulator", _("Simulated network")


class Condition(models.TextChoices):
    """How a source is doing."""

    WORKING = "WORKING", _("Working")
    WAITING = "WAITING", _("Nothing yet")
    SILENT = "SILENT", _("Silent although it should talk")
    FAILING = "FAILING", _("Failing")
    STOPPED = "STOPPED", _("Needs to be reconnected")
    PAUSED = "PAUSED", _("Paused")


class DetectionKind(models.TextChoices):
    VOLUME = "VOLUME", _("Unusual volume")
    NEGATIVE_SHARE = "NEGATIVE_SHARE", _("Unusual share of negative")
    REACH = "REACH", _("Unusual reach")
    SLOW_RISE = "SLOW_RISE", _("A day far above the usual")
    NEW_THEME = "NEW_THEME", _("A new theme")
    GREAT_POST = "GREAT_POST", _("A post of great reach")
    RATING_FALL = "RATING_FALL", _("A falling rating")
    SILENCE = "SILENCE", _("Silence where there should be talk")


class Sensitivity(models.TextChoices):
    """How easily a rule raises an alarm."""

    FEWER = "FEWER", _("Fewer alarms")
    BALANCED = "BALANCED", _("Balanced")
    MORE = "MORE", _("More alarms")


class Opinion(models.TextChoices):
    """What a person makes of a signal."""

    REAL = "REAL", _("Real")
    NOISE = "NOISE", _("Noise")


class Occasion(models.TextChoices):
    """Why more is expected to be said than usual."""

    LAUNCH = "LAUNCH", _("Launch")
    CAMPAIGN = "CAMPAIGN", _("Campaign")
    COURT = "COURT", _("Court date")
    RESULTS = "RESULTS", _("Results or annual meeting")
    OTHER = "OTHER", _("Something else")


class RehearsalState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting to start")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Stopped")


class ImportState(models.TextChoices):
    """The life of a file import."""

    UPLOADED = "UPLOADED", _("Waiting for columns to be mapped")
    QUEUED = "QUEUED", _("Waiting to start")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Stopped")


class RefusalCode(models.TextChoices):
    """Why a row was refused, or what was mended in it. Stored; put into words when shown."""

    EMPTY_TEXT = "empty_text", _("There is no text.")
    UNREADABLE = "unreadable", _("The row cannot be read.")
    NOT_TEXT = "not_text", _("This must be text.")
    NOT_A_NUMBER = "not_a_number", _("This must be a whole number, zero or more.")
    NOT_A_DATE = "not_a_date", _("This is not a date: write 2026-11-23T14:05:00Z.")
    NOT_AN_OBJECT = "not_an_object", _("Each mention must be an object.")
    TOO_LONG = "too_long", _("This is too long.")
    WRONG_COLUMNS = "wrong_columns", _("The row has more cells than there are columns.")
    BAD_ENCODING = "bad_encoding", _("Some characters are not in the file's encoding.")
    UNWRITABLE = "unwritable", _("The database refused the row.")
    # Of a file as a whole:
    EMPTY_FILE = "empty_file", _("The file is empty.")
    NO_HEADER = "no_header", _("The first row does not name the columns.")
    JSON_ARRAY = "json_array", _("This is one JSON list. Write one object per line instead.")
    DAMAGED = "damaged", _("The compressed file is damaged: it could not be read to its end.")
    FILE_TOO_LARGE = "file_too_large", _("The file is too large when unpacked.")
    # Kept, with a change:
    TRUNCATED = "truncated", _("The text was cut off: it was longer than 20,000 characters.")
    NOT_A_WEB_ADDRESS = "not_a_web_address", _("The address was left out: it is not a web address.")
    IN_FUTURE = "in_future", _("The date lies in the future: the time of arrival was used.")
    BEFORE_THE_WEB = "before_the_web", _("The date is impossible: the time of arrival was used.")


class JobKind(models.TextChoices):
    """Work on many mentions at once."""

    STATE = "state", _("Set the state")
    ASSIGN = "assign", _("Assign")
    LABEL = "label", _("Label")
    LINK = "link", _("Link to an incident")
    EXPORT = "export", _("Export")


class JobState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting to start")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    STOPPED = "STOPPED", _("Stopped")
