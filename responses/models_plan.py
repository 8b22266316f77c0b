"""The crisis communication plan of a brand, and its versions."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import BrandScoped

from .enums_plan import PlanSection


class CommunicationPlan(models.Model):
    """What a brand prepares to say, who says it and where. What it says is in its versions."""

    brand = models.OneToOneField(
        "accounts.Brand", models.CASCADE, related_name="communication_plan"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The day by which somebody has to have read it anew.
    review_on = models.DateField(_("next review"), null=True)
    # When the owner is told of that day, and once a week from then on: the loop "plan_reviews".
    remind_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    objects = BrandScoped.as_manager()

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(
                fields=["remind_at"],
                condition=models.Q(remind_at__isnull=False),
                name="communication_plan_review",
            )
        ]

    def __str__(self) -> str:
        return f"{self.brand_id}"


class CommunicationPlanVersion(models.Model):
    """The whole plan as it was from one save to the next. Never changed: a trigger refuses it."""

    plan = models.ForeignKey(CommunicationPlan, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # See plan/shape.py.
    content = models.JSONField()
    # Which part was written; empty for one that was brought back as a whole.
    section = models.CharField(max_length=10, choices=PlanSection, blank=True)
    note = models.CharField(max_length=300, blank=True)
    edited_at = models.DateTimeField()
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["plan", "number"], name="one_communication_version_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} version {self.number}"
