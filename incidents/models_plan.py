"""Crisis plans of a brand, their versions, and how long a crew may go on without a hand-over."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums import PlanKind, PlanState


class PlanQuerySet(models.QuerySet["CrisisPlan"]):
    def visible_to(self, user: Any) -> "PlanQuerySet":
        return self.filter(brand_id__in=user.roles)


class CrisisPlan(models.Model):
    """What a brand does in one kind of crisis. What it says is in its versions."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="crisis_plans")
    kind = models.CharField(_("kind"), max_length=20, choices=PlanKind)
    name = models.CharField(_("name"), max_length=120)
    # The language that it is written in.
    language = models.CharField(_("language"), max_length=8)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # Put away: no new incident runs on it.
    retired_at = models.DateTimeField(null=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "name", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["brand", "kind"],
                condition=models.Q(retired_at=None) & ~models.Q(kind="own"),
                name="one_plan_a_kind",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """What a plan says: a draft that is written on, or a version that is published for good."""

    plan = models.ForeignKey(CrisisPlan, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=PlanState, default=PlanState.DRAFT)
    # See plan_shape.py.
    content = models.JSONField()
    edited_at = models.DateTimeField()
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # Why it was published, for who reads the history.
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["plan", "number"], name="one_plan_version_a_number"),
            models.UniqueConstraint(
                fields=["plan"], condition=models.Q(state="DRAFT"), name="one_draft_a_plan"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} version {self.number}"


class CrewCare(models.Model):
    """A brand's rule for how long somebody may hold a role; a plan may set its own."""

    brand = models.OneToOneField("accounts.Brand", models.CASCADE, related_name="crew_care")
    limit_seconds = models.PositiveIntegerField(default=8 * 3600)
    grace_seconds = models.PositiveIntegerField(default=1800)

    def __str__(self) -> str:
        return f"{self.brand_id}: {self.limit_seconds} s"
