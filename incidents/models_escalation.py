"""What escalation remembers: versions of policies, what fired, turns, webhooks, fire drills."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums import Target
from .models import BrandScoped, EscalationPolicy, Incident


class PolicyVersion(models.Model):
    """A policy as it was saved once. Never changed: bringing one back saves a new one."""

    policy = models.ForeignKey(EscalationPolicy, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    name = models.CharField(max_length=120)
    rounds = models.PositiveSmallIntegerField()
    # As an incident keeps its ladder: what escalation.steps reads.
    ladder = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["policy", "number"], name="one_policy_version")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class FiredStep(models.Model):
    """A rung that was decided, written in the transaction that moves the ladder on.

    The unique constraint is what makes a step fire once, however many engines run, also one that
    calls nobody.
    """

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="fired_steps")
    rung = models.PositiveIntegerField()
    # The step's place in the ladder, from 0; null beyond its end, where everyone is called.
    place = models.PositiveSmallIntegerField(null=True)
    target = models.CharField(max_length=8, choices=Target, blank=True)
    # Why it did nothing: see escalation.obstacle.
    passed = models.CharField(max_length=10, blank=True)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["rung"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "rung"], name="one_firing_a_rung")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} rung {self.rung}"


class Turn(models.Model):
    """Who was called last by a step that calls one after the other."""

    policy = models.ForeignKey(EscalationPolicy, models.CASCADE, related_name="turns")
    key = models.CharField(max_length=12)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["policy", "key"], name="one_turn_a_step")
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.key}"


class OutgoingWebhook(models.Model):
    """An address that a step calls; the calls are signed with its secret (core.signatures)."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="outgoing_webhooks")
    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(_("address"), max_length=1000)
    # Sealed (core.crypto) under the row's id.
    secret = models.BinaryField()

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class CallState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting to be sent")
    SENT = "SENT", _("Sent")
    FAILED = "FAILED", _("Failed")


class WebhookCall(models.Model):
    """One call of a webhook: the outbox of the engine's loop "hooks". At least once, one id."""

    fired = models.OneToOneField(FiredStep, models.CASCADE, related_name="webhook_call")
    webhook = models.ForeignKey(OutgoingWebhook, models.CASCADE, related_name="calls")
    # The same at every attempt, so that a receiver knows a call that comes twice.
    call_id = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=CallState, default=CallState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is sent next; while it is being sent, the end of the lease.
    send_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    claim = models.CharField(max_length=32, blank=True)
    # What the other side answered, or why nothing did.
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(
                fields=["send_at"], condition=models.Q(state="QUEUED"), name="webhook_call_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.call_id} to {self.webhook_id}: {self.state}"


class FireDrill(models.Model):
    """A policy tried out: its ladder is climbed by a test incident that pages for real."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="fire_drills")
    policy = models.ForeignKey(EscalationPolicy, models.SET_NULL, null=True, related_name="drills")
    incident = models.OneToOneField(Incident, models.CASCADE, null=True, related_name="fire_drill")
    policy_name = models.CharField(max_length=120)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    started_at = models.DateTimeField()
    # When the engine's loop "end_drills" closes it; null once it has ended.
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at", "-pk"]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["ends_at"], condition=models.Q(ends_at__isnull=False), name="drill_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_name} {self.started_at:%Y-%m-%d}"


class DrillAnswer(models.Model):
    """Somebody who was called in a drill said that it reached them."""

    drill = models.ForeignKey(FireDrill, models.CASCADE, related_name="answers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["drill", "user"], name="one_answer_a_drill")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.drill_id}"
