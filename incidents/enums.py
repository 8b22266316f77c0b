"""Codes of the incidents room."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Severity(models.IntegerChoices):
    SEV1 = 1, "SEV1"
    SEV2 = 2, "SEV2"
    SEV3 = 3, "SEV3"
    SEV4 = 4, "SEV4"


class State(models.TextChoices):
    """Where an incident is; states.py says which moves are allowed."""

    TRIAGE = "TRIAGE", _("In triage")
    DETECTED = "DETECTED", _("Detected")
    ACKNOWLEDGED = "ACKNOWLEDGED", _("Acknowledged")
    RESPONDING = "RESPONDING", _("Responding")
    MONITORING = "MONITORING", pgettext_lazy("incident state", "Monitoring")
    RESOLVED = "RESOLVED", _("Resolved")


class Closing(models.TextChoices):
    """How an incident ended; its state is RESOLVED each time."""

    RESOLVED = "RESOLVED", _("Resolved")
    DISMISSED = "DISMISSED", _("Dismissed")
    MERGED = "MERGED", _("Merged")


class Statement(models.TextChoices):
    """What became of our statement, asked when an incident is resolved."""

    UPDATED = "UPDATED", _("Updated for the last time")
    UNNEEDED = "UNNEEDED", _("Not needed")
    WAITING = "WAITING", _("Still to be updated")


class Posts(models.TextChoices):
    """What became of planned posts, asked when an incident is resolved."""

    RESUMED = "RESUMED", _("Resumed")
    UNPAUSED = "UNPAUSED", _("Were not paused")
    PAUSED = "PAUSED", _("Still paused")


class Origin(models.TextChoices):
    DETECTION = "DETECTION", _("Detected by CrisisDesk")
    PERSON = "PERSON", _("Declared by a person")
    DRILL = "DRILL", _("Fire drill")
    MENTION = "MENTION", _("Opened from a mention")
    SPLIT = "SPLIT", _("Split off from another incident")


class EntryKind(models.TextChoices):
    """What a timeline entry tells; entries.py puts kind and params into words."""

    OPENED = "OPENED", _("Opened")
    SIGNAL = "SIGNAL", _("Signal")
    CALLED = "CALLED", _("Called")
    EXHAUSTED = "EXHAUSTED", _("Nobody answered")
    ACKNOWLEDGED = "ACKNOWLEDGED", _("Acknowledged")
    STATE = "STATE", _("State")
    SEVERITY = "SEVERITY", _("Severity")
    LEAD = "LEAD", _("Lead")
    ROLE = "ROLE", _("Role")
    NOTE = "NOTE", _("Note")
    DECISION = "DECISION", _("Decision")
    UPDATE = "UPDATE", _("Update")
    # What happened outside the desk, told afterwards by a person.
    EVENT = "EVENT", _("Event")
    TASK = "TASK", _("Task")
    DRAFT = "DRAFT", _("Draft")
    APPROVAL = "APPROVAL", _("Approval")
    PUBLICATION = "PUBLICATION", _("Publication")
    FACT = "FACT", _("Fact")
    SITUATION = "SITUATION", _("Situation")
    WORD = "WORD", _("Word to the public")
    PROMISE = "PROMISE", _("Promise")
    BREACH = "BREACH", _("Personal data")
    RESOLVED = "RESOLVED", _("Resolved")
    MEMBER = "MEMBER", _("Members")
    LINK = "LINK", _("Linked incidents")
    FILE = "FILE", _("File")
    BRIEF = "BRIEF", _("Update to subscribers")
    HANDOVER = "HANDOVER", _("Hand-over")


class Tie(models.TextChoices):
    """What an incident is to another, as its own side tells it."""

    RELATED = "RELATED", _("Related to")
    CAUSED = "CAUSED", _("Caused by")
    DUPLICATE = "DUPLICATE", _("Duplicate of")
    SPLIT = "SPLIT", _("Split off from")


class Custody(models.TextChoices):
    """What was done with a file kept as evidence."""

    UPLOADED = "UPLOADED", _("Uploaded")
    SHOWN = "SHOWN", _("Shown")
    FETCHED = "FETCHED", _("Downloaded")
    VERIFIED = "VERIFIED", _("Verified")
    BROKEN = "BROKEN", _("Found to be changed")
    DELETED = "DELETED", _("Deleted")


class Receipt(models.TextChoices):
    """How far an internal update has got to one of its readers."""

    QUEUED = "QUEUED", _("Waiting to be sent")
    SENT = "SENT", _("Sent")
    FAILED = "FAILED", _("Failed")
    # No mail server: it is read in the app, or not at all.
    KEPT = "KEPT", _("Kept in the app")
    STOPPED = "STOPPED", _("Withdrawn")


class Joined(models.TextChoices):
    """How somebody came to be a member of a private incident."""

    CHOSEN = "CHOSEN", _("Chosen")
    CALLED = "CALLED", _("Called by the escalation ladder")
    OPENED = "OPENED", _("Opened it as an administrator")


class Target(models.TextChoices):
    """What a step of an escalation policy reaches for: people, or something done on the way."""

    ON_CALL = "ON_CALL", _("Whoever is on call")
    USER = "USER", _("A person")
    ROLE = "ROLE", _("Everyone with a role")
    CREW = "CREW", _("Whoever holds a role in the incident")
    TURN = "TURN", _("Next in turn")
    CHANNEL = "CHANNEL", _("Everyone in a channel")
    WAIT = "WAIT", _("Wait")
    WEBHOOK = "WEBHOOK", _("Call a webhook")
    SEVERITY = "SEVERITY", _("Raise the severity")
    PAUSE = "PAUSE", _("Pause what is planned")
    DECLARE = "DECLARE", _("Declare the incident")


class IncidentRole(models.TextChoices):
    """What somebody is to one incident; apart from their role in the brand."""

    LEAD = "LEAD", _("Incident lead")
    COMMS = "COMMS", _("Communications lead")
    SPOKESPERSON = "SPOKESPERSON", _("Spokesperson")
    LEGAL = "LEGAL", _("Legal adviser")
    CARE = "CARE", _("Customer care")
    SCRIBE = "SCRIBE", _("Scribe")
    SPONSOR = "SPONSOR", _("Executive sponsor")


class PlanKind(models.TextChoices):
    """What a crisis plan is for. `plan_shape.KINDS` says which crisis types each answers."""

    NEGATIVE_REVIEWS = "negative_reviews", _("Negative reviews")
    VIRAL_BACKLASH = "viral_backlash", _("Viral backlash")
    PR_DISASTER = "pr_disaster", _("PR disaster")
    DATA_BREACH = "data_breach", _("Data breach")
    PRODUCT_SAFETY = "product_safety", _("Product safety")
    OUTAGE = "outage", _("Outage")
    EMPLOYEE_CONDUCT = "employee_conduct", _("Employee conduct")
    RUMOUR = "rumour", _("Rumour or false claim")
    OWN = "own", _("A kind of your own")


class PlanState(models.TextChoices):
    DRAFT = "DRAFT", pgettext_lazy("crisis plan", "Draft")
    PUBLISHED = "PUBLISHED", pgettext_lazy("crisis plan", "Published")


class Axis(models.TextChoices):
    """What of a crisis is scored by itself, 0 to 2 points each."""

    REACH = "reach", _("Reach")
    SPEED = "speed", _("Speed")
    INFLUENCE = "influence", _("Influence")
    HARM = "harm", _("Harm")
    BLAME = "blame", _("Blame")
