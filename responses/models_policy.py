"""Who has to approve what: policies, their copy in a draft, links to outsiders, broken glass."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import BrandScoped

from .enums import StepMode, StepState


class ApprovalPolicy(models.Model):
    """What a brand's drafts need. The first whose conditions hold is copied into a draft.

    `only` is `{"severity": 2, "networks": [...], "accounts": [ids], "risks": [...]}`: from that
    severity up, through any of these, with any of these risks; what is missing does not matter.
    `steps` holds what chain.Definition reads, in order.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="approval_policies")
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    only = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    # Approvals end after so many seconds; 0 is never.
    lasts = models.PositiveIntegerField(default=0)
    # Who may break the glass, two of them together; empty: everybody who may approve.
    glass = models.JSONField(default=list)
    # Counts the saves.
    version = models.PositiveIntegerField(default=0)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class ApprovalStep(models.Model):
    """One step that a version has to pass: the policy's as it was when the draft was submitted.

    Steps of one `stage` are asked side by side. A trigger lets nothing go out before every step
    that is not void has `needed` approvals of exactly these bytes, or the glass was broken.
    """

    version = models.ForeignKey("responses.Version", models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    stage = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80, blank=True)
    mode = models.CharField(max_length=3, choices=StepMode, default=StepMode.ANY)
    # Whom it asks: ids, roles in the incident, roles in the brand; and who follows, in turn.
    people = models.JSONField(default=list)
    crew = models.JSONField(default=list)
    roles = models.JSONField(default=list)
    deputies = models.JSONField(default=list)
    # Seconds after which the next deputy is asked too; 0 is never.
    wait = models.PositiveIntegerField(default=0)
    # Seconds after which an approval given for it ends; 0 is never.
    lasts = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=7, choices=StepState, default=StepState.WAITING)
    # How many approvals it takes, fixed when it is opened; null before.
    needed = models.PositiveSmallIntegerField(null=True)
    # Ids of who has been asked, and how many deputies are among them.
    asked = models.JSONField(default=list)
    reached = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    # Nobody answered, and nobody is left who could be asked.
    stuck_at = models.DateTimeField(null=True)
    # Open: when the next one is asked. Done: when its approvals end. The loop "approvals".
    due_at = models.DateTimeField(null=True)
    approvals = models.ManyToManyField(
        "responses.Approval", through="responses.StepApproval", related_name="steps"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list] = [
            models.CheckConstraint(condition=models.Q(needed__gte=1), name="step_needs_somebody")
        ]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="approval_step_due",
            ),
            models.Index(
                fields=["version"], condition=models.Q(state="OPEN"), name="approval_step_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.version_id}: {self.state}"


class StepApproval(models.Model):
    """An approval counts for a step."""

    step = models.ForeignKey(ApprovalStep, models.CASCADE, related_name="covers")
    approval = models.ForeignKey("responses.Approval", models.CASCADE, related_name="covers")

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["step", "approval"], name="one_cover_a_step")
        ]

    def __str__(self) -> str:
        return f"{self.approval_id} for {self.step_id}"


class ApprovalLink(models.Model):
    """Somebody without an account who was asked, once, about exactly these bytes.

    They answer in the place of whoever asked them, and only while that person could.
    """

    step = models.ForeignKey(ApprovalStep, models.CASCADE, related_name="links")
    version = models.ForeignKey("responses.Version", models.CASCADE, related_name="links")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    organisation = models.CharField(_("organisation"), max_length=120, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.name}, {self.organisation}" if self.organisation else self.name


class BrokenGlass(models.Model):
    """Two people who together let a text go out without the steps that were left, and why.

    Triggers keep both from being its writers, the same person, or changed afterwards.
    """

    version = models.OneToOneField("responses.Version", models.CASCADE, related_name="broken_glass")
    sha256 = models.CharField(max_length=64)
    reason = models.CharField(_("reason"), max_length=1000)
    first = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    first_at = models.DateTimeField()
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    second_at = models.DateTimeField(null=True)
    # The names of the steps that were passed over.
    skipped = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.version_id} by {self.first_id} and {self.second_id}"
