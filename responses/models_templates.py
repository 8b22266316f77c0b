"""Prepared texts of a brand: templates with variables, and pre-approved holding statements."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.enums import PlanKind
from incidents.models import BrandScoped

from .enums_plan import Audience


class StatementTemplate(models.Model):
    """A text to begin from. What it says is in its versions; the latest is the one in use."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="statement_templates")
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind of crisis"), max_length=20, choices=PlanKind, blank=True)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.PUBLIC)
    language = models.CharField(_("language"), max_length=8)
    # A holding statement: may be approved beforehand, ends, and is void on conditions.
    is_holding = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    # When the plan's owner is told that its approved end comes near, then that it has come: the
    # loop "holding_ends".
    remind_at = models.DateTimeField(null=True)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-is_holding", "name", "pk"]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["remind_at"],
                condition=models.Q(remind_at__isnull=False),
                name="holding_ends",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """What a template says. `sha256` is of text, conditions and end: what an approval binds to.

    Never changed: a trigger refuses it, and one refuses an approval by somebody who wrote on it.
    """

    template = models.ForeignKey(StatementTemplate, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    # Questions, any of which makes it void when it is answered with yes.
    void_if = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64)
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["template", "number"], name="one_template_version_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"


class HoldingUse(models.Model):
    """A draft that was made from a holding statement, and is pre-approved while it is unchanged."""

    draft = models.OneToOneField("responses.Draft", models.CASCADE, related_name="holding")
    version = models.ForeignKey(TemplateVersion, models.PROTECT, related_name="uses")
    # What was put in for each variable.
    values = models.JSONField(default=dict)
    # Of the text as it was filled: what is no longer this takes the usual way.
    sha256 = models.CharField(max_length=64)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # When its conditions were answered with no, each.
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.draft_id} from {self.version_id}"
