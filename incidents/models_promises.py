"""When the public heard from us, what it was promised, and what falls due because of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums_record import PromiseState, TimerKind


class PublicWord(models.Model):
    """One word to the public: a publication of the desk's own, or one that a person noted."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="public_words")
    # The network's code, or a code of Outlet.
    channel = models.CharField(_("channel"), max_length=40)
    at = models.DateTimeField(_("when"))
    # What was said, in short, and where it can be read.
    text = models.CharField(_("what was said"), max_length=500, blank=True)
    url = models.CharField(max_length=500, blank=True)
    # What a room above tells it by; noting the same one twice changes nothing.
    key = models.CharField(max_length=80, blank=True)
    # Who noted it; null for a publication.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    noted_at = models.DateTimeField()
    is_own = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "key"],
                condition=~models.Q(key=""),
                name="one_public_word_a_key",
            )
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["incident", "channel", "-at"], name="public_word_last")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.channel} {self.at}"


class Promise(models.Model):
    """Something the public was told would happen by a time. A duty until it is settled."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="promises")
    number = models.PositiveIntegerField()
    text = models.CharField(_("promise"), max_length=500)
    due_at = models.DateTimeField(_("due"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=PromiseState, default=PromiseState.OPEN)
    # Where it was given, in the giver's words: "Bluesky, 14:02", "press call".
    made_in = models.CharField(_("given in"), max_length=200, blank=True)
    made_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar[list[str]] = ["due_at", "number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_promise_a_number")
        ]

    def __str__(self) -> str:
        return f"P{self.number} {self.text}"


class PromiseChange(models.Model):
    """What happened to a promise: given, moved, settled; by whom and why."""

    promise = models.ForeignKey(Promise, models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=PromiseState)
    due_at = models.DateTimeField()
    owner = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-version"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["promise", "version"], name="one_promise_change")
        ]

    def __str__(self) -> str:
        return f"{self.promise_id} v{self.version} {self.state}"


class FoundPromise(models.Model):
    """A promise that the desk believes to have read in a text; a person takes or dismisses it."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="found")
    text = models.CharField(max_length=500)
    due_at = models.DateTimeField()
    made_in = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField()
    # Null while it waits for somebody's word.
    judged_at = models.DateTimeField(null=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    promise = models.OneToOneField(
        Promise, models.CASCADE, null=True, blank=True, related_name="found"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["due_at", "pk"]
        constraints: ClassVar[list] = [
            # The same sentence goes out on five networks, and promises one thing.
            models.UniqueConstraint(fields=["incident", "text", "due_at"], name="one_found_promise")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.text}"


class Timer(models.Model):
    """When the engine next has to do something about an incident's record.

    One row a kind, and one a promise; moved or cleared in the transaction that does it.
    """

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="timers")
    kind = models.CharField(max_length=10, choices=TimerKind)
    promise = models.OneToOneField(Promise, models.CASCADE, null=True, related_name="timer")
    # What it counts from: the last word, the last version, the promise's making.
    since = models.DateTimeField()
    # Null: nothing to do. The engine's loop "duties".
    due_at = models.DateTimeField(null=True)
    # How far it has come: a promise is reminded of, falls due, goes up.
    stage = models.PositiveSmallIntegerField(default=0)
    # One that broke: tried again, then parked and shown.
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "kind"],
                condition=models.Q(promise=None),
                name="one_timer_a_kind",
            )
        ]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="timer_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind} {self.due_at}"
