"""Where a person can be reached, and how they want to be told."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.enums import Means, Urgency

# The ways of a rule that are not one address: the profile's e-mail, and all devices at once.
EMAIL, PUSH = "email", "push"


class AddressQuerySet(models.QuerySet["Address"]):
    def usable(self) -> "AddressQuerySet":
        return self.exclude(verified_at=None)


class Address(models.Model):
    """One device, number or chat of one person. What it is, is sealed; `hint` may be shown."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="addresses")
    # A service of `notifications.carriers`, and by what it reaches the person.
    service = models.CharField(max_length=20)
    means = models.CharField(max_length=20, choices=Means)
    label = models.CharField(_("name"), max_length=80, blank=True)
    hint = models.CharField(max_length=120)
    sealed = models.BinaryField(default=bytes)
    # The same address twice is one. Made under a key: numbers cannot be guessed from it.
    digest = models.CharField(max_length=64)
    # From which a text reply is known to be theirs, made in the same way.
    reply = models.CharField(max_length=64, blank=True)
    provider = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    # The code that proves it is theirs is made from this moment and the secret key.
    code_at = models.DateTimeField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True)
    # The last time it was refused for good, and why; cleared by the next success.
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    objects = AddressQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["user", "digest"], name="one_address_once")
        ]
        indexes: ClassVar[list] = [
            # Whose is the number that a text reply came from?
            models.Index(fields=["reply"], condition=~models.Q(reply=""), name="address_reply")
        ]

    def __str__(self) -> str:
        return self.label or self.hint

    @property
    def seal_context(self) -> str:
        return f"notifications.address:{self.pk}"


class Rule(models.Model):
    """One order of ways for one urgency, in certain hours of the person's own day or always.

    `steps`: [{"way": "email" | "push" | "address", "address": id, "after": seconds}], in the order
    in which they are used. The first rule whose hours fit counts.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_rules")
    urgency = models.CharField(_("urgency"), max_length=8, choices=Urgency)
    starts = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("to"), null=True, blank=True)
    steps = models.JSONField(default=list)

    class Meta:
        # Those for certain hours before those for always.
        ordering: ClassVar[list] = [
            "urgency",
            models.F("starts").asc(nulls_last=True),
            "pk",
        ]
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=models.Q(starts=None, ends=None)
                | models.Q(starts__isnull=False, ends__isnull=False),
                name="rule_both_hours_or_none",
            )
        ]

    def __str__(self) -> str:
        return f"{self.urgency} of {self.user_id}"


class Preference(models.Model):
    """What holds for all of a person's ways. Without a row the defaults hold."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notice_preference"
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    # Never those to a person on duty, and never the call to everyone at the ladder's end.
    hold_pages = models.BooleanField(
        _("hold back pages in my quiet hours when I am not on duty"), default=False
    )
    show_details = models.BooleanField(_("show what it is about on the lock screen"), default=False)
    # News within so many minutes comes as one message.
    bundle_minutes = models.PositiveSmallIntegerField(
        _("minutes to gather news"), default=5, validators=[MaxValueValidator(720)]
    )

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"
