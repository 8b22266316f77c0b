"""Drafts, approvals and what went out."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import OfIncident

from . import models_guidelines  # noqa: F401 - found here
from .enums import DraftState, PublicationState, Verdict


class Draft(models.Model):
    """A response on its way to the public. Its text lives in versions."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="drafts")
    # 1, 2, 3 … within the incident: part of its address.
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=120)
    state = models.CharField(max_length=10, choices=DraftState, default=DraftState.WRITING)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    accounts = models.ManyToManyField("connectors.ConnectedAccount", related_name="+")
    # The mention this answers, if any: {"id", "published_at", "external_id", "author", "text"}.
    reply_to = models.JSONField(default=dict)
    # The latest version's number.
    version = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = OfIncident.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_draft_a_number")
        ]

    def __str__(self) -> str:
        return self.title


class Version(models.Model):
    """A draft's text at one time. `sha256` is of its UTF-8 bytes: what an approval binds to.

    Never changed once written: a trigger computes the digest itself and refuses any update.
    """

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["draft", "number"], name="one_version_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.draft} v{self.number}"


class Approval(models.Model):
    """One person's word on exactly one version's bytes.

    A trigger refuses an approval by the draft's author or by an editor of any of its versions.
    """

    version = models.ForeignKey(Version, models.CASCADE, related_name="approvals")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict)
    sha256 = models.CharField(max_length=64)
    comment = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["version", "approver"], name="one_verdict_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.approver}: {self.verdict}"


class Publication(models.Model):
    """One version on its way out through one account: the outbox row.

    `queued → sending` is committed before the call. Triggers (migration 0003) refuse `sending` for
    bytes that no standing approval covers, for an account of another brand, and for a second way
    out of one draft through one account; and any move that states.py does not list.
    """

    version = models.ForeignKey(Version, models.PROTECT, related_name="publications")
    account = models.ForeignKey(
        "connectors.ConnectedAccount", models.PROTECT, related_name="publications"
    )
    state = models.CharField(
        max_length=10, choices=PublicationState, default=PublicationState.QUEUED
    )
    sha256 = models.CharField(max_length=64)
    idempotency_key = models.CharField(max_length=64, unique=True)
    # The external id answered to, or "".
    reply_to = models.TextField(blank=True)
    # Not before this: the time in which an approval can be undone.
    publish_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sending_since = models.DateTimeField(null=True)
    # While nobody knows whether it is out: when the machine looks for it next.
    look_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    external_id = models.TextField(blank=True)
    url = models.TextField(blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "pk"]
        constraints: ClassVar[list] = [
            # A draft goes out once through an account, whichever version: enforced on the version
            # here, and across versions by the trigger.
            models.UniqueConstraint(
                fields=["version", "account"], name="one_publication_an_account"
            )
        ]
        indexes: ClassVar[list] = [
            # The engine's "publish" loop.
            models.Index(
                fields=["publish_at"], condition=models.Q(state="QUEUED"), name="publication_due"
            ),
            # Its second half: what a killed process left behind.
            models.Index(
                fields=["sending_since"],
                condition=models.Q(state="SENDING"),
                name="publication_sending",
            ),
            # Its third: what may be out, and is looked for.
            models.Index(
                fields=["look_at"],
                condition=models.Q(state="UNCERTAIN"),
                name="publication_uncertain",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} to {self.account}: {self.state}"


# The statement page, in a file of its own: found by Django when this one is.
from . import models_statement  # noqa: E402, F401
