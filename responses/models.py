"""Drafts, approvals and what went out."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import OfIncident

from . import (  # noqa: F401 - found here
    models_assistant,
    models_composing,
    models_guidelines,
    models_media,
    models_plan,
    models_policy,
    models_strategy,
    models_telling,
    models_templates,
    parting,
    placing,
)
from .enums import Act, DraftState, PublicationState, Verdict


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
    # What its writers said of it (enums.Risk); the desk finds more by itself (risks.py).
    risks = models.JSONField(default=list)
    # Whether it is parted where it is too long for a network that has threads.
    thread = models.BooleanField(default=False, db_default=False)
    # What becomes of it once approved; an edit or removal is of the publication `amends`.
    act = models.CharField(max_length=6, choices=Act, default=Act.POST)
    amends = models.ForeignKey(
        "responses.Publication", models.PROTECT, null=True, related_name="amendments"
    )
    # The publication that this puts right, because a fact that it cited was withdrawn.
    corrects = models.ForeignKey(
        "responses.Publication", models.PROTECT, null=True, related_name="corrections"
    )
    # The same text in another language; each of both points to the other, with the version of it
    # that it was last said to say the same as (0: never).
    beside = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    beside_version = models.PositiveIntegerField(default=0)
    # The approval policy that was copied into it when it was submitted; "" is the usual way.
    policy_name = models.CharField(max_length=120, blank=True)
    # From that policy: ids of who may break the glass; empty: everybody who may approve.
    glass = models.JSONField(default=list)
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
    """A draft's text and images at one time. `sha256` is what an approval binds to: of the text's
    UTF-8 bytes, and with images or threads of a zero byte and `media`, and `parts`, too
    (texts.digest).

    `text` is what the public reads; `cited` is what was typed, with citations of facts such as
    [F3], where there are any. `media` lists the images with their alt texts, `parts` the posts
    through those accounts that it goes out through as a thread. Never changed once written: a
    trigger computes the digest itself and refuses any update.
    """

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    cited = models.TextField(blank=True)
    media = models.TextField(blank=True, default="")
    parts = models.TextField(blank=True, default="", db_default="")
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

    @property
    def written(self) -> str:
        """The text as it was typed, with its citations."""
        return self.cited or self.text

    @property
    def images(self) -> list[placing.Placed]:
        """What it shows, in order."""
        return placing.read(self.media)

    def parts_for(self, account_id: int) -> list[str]:
        """The posts of the thread that it is in this account; [] where it goes out whole."""
        return parting.read(self.parts, account_id)


class Approval(models.Model):
    """One person's word on exactly one version's bytes.

    A trigger refuses an approval by the draft's author or by an editor of any of its versions, or
    through a link that one of them made. Somebody without an account answers through `link`.
    """

    version = models.ForeignKey(Version, models.CASCADE, related_name="approvals")
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    link = models.OneToOneField(
        "responses.ApprovalLink", models.PROTECT, null=True, related_name="approval"
    )
    verdict = models.CharField(max_length=10, choices=Verdict)
    sha256 = models.CharField(max_length=64)
    comment = models.TextField(blank=True)
    at = models.DateTimeField()
    # From then on it covers nothing any more; null: for good.
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["at"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["version", "approver"], name="one_verdict_a_version"),
            models.CheckConstraint(
                condition=models.Q(approver__isnull=True) ^ models.Q(link__isnull=True),
                name="approval_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.verdict}"

    @property
    def name(self) -> str:
        """Who said it, as the record tells it."""
        return str(self.link or self.approver)


class Publication(models.Model):
    """One version, or one part of its thread, on its way out through one account: the outbox row.

    `queued → sending` is committed before the call. Triggers (migrations 0003, 0024) refuse
    `sending` for bytes that no standing approval covers, for an account of another brand, for a
    second way out of one draft through one account, and for a part before the one that it answers
    is out; and any move that states.py does not list.
    """

    version = models.ForeignKey(Version, models.PROTECT, related_name="publications")
    account = models.ForeignKey(
        "connectors.ConnectedAccount", models.PROTECT, related_name="publications"
    )
    # 1, or which part of the thread.
    part = models.PositiveSmallIntegerField(default=1, db_default=1)
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
    # Since when other words stand there, and which; since when it is taken down.
    edited_at = models.DateTimeField(null=True)
    edited_to = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+")
    gone_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "pk"]
        constraints: ClassVar[list] = [
            # A draft goes out once through an account, whichever version: enforced on the version
            # here, and across versions by the trigger.
            models.UniqueConstraint(
                fields=["version", "account", "part"], name="one_publication_a_part"
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

    @property
    def shown(self) -> Version:
        """The version that stands there now, unless it is taken down."""
        return self.edited_to or self.version

    @property
    def thread(self) -> list[str]:
        """The posts of the thread that this is one of; [] where the text goes out whole."""
        return self.version.parts_for(self.account_id)

    @property
    def text(self) -> str:
        """What this row posts."""
        thread = self.thread
        return thread[self.part - 1] if thread else self.version.text

    @property
    def said(self) -> str:
        """What stands there now, unless it is taken down."""
        return self.edited_to.text if self.edited_to else self.text


# The statement page and the inbox, in files of their own: found by Django when this one is.
from . import models_engage, models_statement  # noqa: E402, F401
