"""Rotas: who takes turns, who covers, who is away, what was handed over."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .enums_rota import SwapState

_PERSON = settings.AUTH_USER_MODEL


class RotaScoped(models.QuerySet):  # type: ignore[type-arg]
    """Rows of a rota, for those who may see its brand."""

    def visible_to(self, user: User) -> "RotaScoped":
        return self.filter(rota__brand_id__in=user.roles)


class RotaQuerySet(models.QuerySet["Rota"]):
    def visible_to(self, user: User) -> "RotaQuerySet":
        return self.filter(brand_id__in=user.roles)

    def in_use(self) -> "RotaQuerySet":
        return self.filter(archived_at=None)


class Rota(models.Model):
    """People of a brand who take turns at being on duty. What it is made of is in its versions."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="rotas")
    name = models.CharField(_("name"), max_length=120)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    # The loop "hand_over": when it looks next, and up to when it has told what happens.
    look_at = models.DateTimeField(null=True)
    told_until = models.DateTimeField()

    objects = RotaQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["look_at"],
                condition=models.Q(look_at__isnull=False),
                name="rota_due",
            )
        ]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["brand", "name"],
                condition=models.Q(archived_at=None),
                name="one_rota_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RotaVersion(models.Model):
    """A rota as it is from one moment to another. Never changed, only ended: the past stays."""

    rota = models.ForeignKey(Rota, models.CASCADE, related_name="versions")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    # The shape is in rotation.py: `read` and `write`.
    plan = models.JSONField()
    made_by = models.ForeignKey(_PERSON, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    objects = RotaScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["valid_from"]
        indexes: ClassVar[list] = [
            models.Index(fields=["rota", "valid_until"], name="rota_version_current")
        ]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["rota"],
                condition=models.Q(valid_until=None),
                name="one_open_version_a_rota",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__gt=models.F("valid_from")),
                name="rota_version_has_length",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rota} from {self.valid_from}"


class Override(models.Model):
    """Somebody takes a line of a rota for some time, whatever the turns say."""

    rota = models.ForeignKey(Rota, models.CASCADE, related_name="overrides")
    line = models.PositiveSmallIntegerField()
    user = models.ForeignKey(_PERSON, models.CASCADE, related_name="+")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    made_by = models.ForeignKey(_PERSON, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    objects = RotaScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at", "pk"]
        indexes: ClassVar[list] = [
            models.Index(fields=["rota", "ends_at"], name="override_current")
        ]
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="override_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.rota}"


class Absence(models.Model):
    """Somebody cannot be called: the next in turn stands in, in every rota they are in."""

    user = models.ForeignKey(_PERSON, models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    # For the person alone.
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    made_by = models.ForeignKey(_PERSON, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at", "pk"]
        indexes: ClassVar[list] = [models.Index(fields=["user", "ends_at"], name="absence_current")]
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="absence_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} is away"


class Swap(models.Model):
    """Somebody asks to be covered: by one person, or by whoever in the rota takes it first.

    With a return the asker takes a duty of the person asked. Nothing changes until it is taken.
    """

    rota = models.ForeignKey(Rota, models.CASCADE, related_name="swaps")
    line = models.PositiveSmallIntegerField()
    asker = models.ForeignKey(_PERSON, models.CASCADE, related_name="+")
    # Null: everybody in the rota.
    asked = models.ForeignKey(_PERSON, models.CASCADE, null=True, related_name="+")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    return_line = models.PositiveSmallIntegerField(null=True)
    return_starts_at = models.DateTimeField(null=True)
    return_ends_at = models.DateTimeField(null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=SwapState, default=SwapState.OPEN)
    asked_at = models.DateTimeField()
    answered_by = models.ForeignKey(_PERSON, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    objects = RotaScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at", "pk"]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["rota", "ends_at"], condition=models.Q(state="OPEN"), name="swap_open"
            )
        ]
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="swap_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asker} asks in {self.rota}"

    @property
    def is_open(self) -> bool:
        return self.state == SwapState.OPEN


class HandOver(models.Model):
    """What whoever goes off duty tells whoever comes on."""

    rota = models.ForeignKey(Rota, models.CASCADE, related_name="hand_overs")
    written_by = models.ForeignKey(_PERSON, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(_("hand-over note"))

    objects = RotaScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-pk"]
        indexes: ClassVar[list] = [models.Index(fields=["rota", "-at"], name="hand_over_latest")]

    def __str__(self) -> str:
        return f"{self.written_by} at {self.at}"


class CalendarFeed(models.Model):
    """A secret address that calendars read duties from. Only its digest is kept."""

    user = models.ForeignKey(_PERSON, models.CASCADE, related_name="calendar_feeds")
    # Null: the person's own duties, in every rota.
    rota = models.ForeignKey(Rota, models.CASCADE, null=True, related_name="feeds")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user}'s calendar"
