"""The public statement page: a brand's site, its keys, statements, what was said, who is told.

What went out is a chain of entries that are never changed: triggers (migration 0005) refuse any
update or removal, and any change of how a draft is to appear while somebody judges it.
"""

import json
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from incidents.models import OfIncident

from . import placing
from .enums_statement import EntryForm


class StatementSite(models.Model):
    """Where a brand's statements stand. Exported as files under /s/<slug>/."""

    brand = models.OneToOneField("accounts.Brand", models.CASCADE, related_name="statement_site")
    # Part of every permanent address: stays when the brand is renamed.
    slug = models.SlugField(unique=True)
    # The account that drafts choose to go out here.
    account = models.OneToOneField(
        "connectors.ConnectedAccount", models.PROTECT, related_name="statement_site"
    )
    # Codes of settings.LANGUAGES, the main one first.
    languages = models.JSONField(default=list)
    # What stands at the foot of each page, for the public and for the press.
    contact = models.CharField(_("contact"), max_length=300, blank=True)
    press_contact = models.CharField(_("press contact"), max_length=300, blank=True)
    # The brand's colour, "#RRGGBB"; shades that can be read are made from it.
    colour = models.CharField(_("colour"), max_length=7, default="#334155")
    has_mail = models.BooleanField(_("people can subscribe by e-mail"), default=True)
    # The engine's "statement_export" loop: when its files are written next.
    export_at = models.DateTimeField()
    # When everything was last written, not only what had changed.
    full_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["export_at"], name="statement_export_due")]

    def __str__(self) -> str:
        return self.slug


class StatementKey(models.Model):
    """An Ed25519 key of a site. The newest signs; all stay published, for what they signed."""

    site = models.ForeignKey(StatementSite, models.CASCADE, related_name="keys")
    # SHA-256 of the public key's DER form (SubjectPublicKeyInfo), in hex.
    fingerprint = models.CharField(max_length=64, unique=True)
    public_pem = models.TextField()
    # core.crypto, for "responses.statement_key:<fingerprint>"; empty once it is retired.
    sealed = models.BinaryField(default=b"")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(retired_at=None),
                name="one_signing_key_a_site",
            )
        ]

    def __str__(self) -> str:
        return self.fingerprint[:16]


class Statement(models.Model):
    """What one incident's public page is. Until its first entry it exists in the desk only."""

    incident = models.OneToOneField("incidents.Incident", models.PROTECT, related_name="statement")
    site = models.ForeignKey(StatementSite, models.PROTECT, related_name="statements")
    slug = models.SlugField(max_length=60)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    prepared_at = models.DateTimeField()
    # Of the first entry; from then on the address is permanent.
    published_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Set when its files are older than it is; cleared by the export.
    is_stale = models.BooleanField(default=False)

    objects = OfIncident.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-prepared_at"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["site", "slug"], name="one_statement_an_address")
        ]

    def __str__(self) -> str:
        return f"{self.site}/{self.slug}"


class StatementEntry(models.Model):
    """One signed word on the page: what was said, in which language, when. Never changed."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="entries")
    # 1, 2, 3 … : its place in the chain and in its address.
    number = models.PositiveIntegerField()
    form = models.CharField(max_length=12, choices=EntryForm)
    language = models.CharField(max_length=8)
    about = models.ForeignKey("self", models.PROTECT, null=True, related_name="later")
    text = models.TextField(blank=True)
    # Why an earlier entry was put right or withdrawn.
    reason = models.CharField(max_length=300, blank=True)
    next_update_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField()
    # Of the publication that brought it, unique: publishing again changes nothing.
    idempotency_key = models.CharField(max_length=64, unique=True)
    # The canonical JSON that is signed, its SHA-256, and the signature (64 bytes).
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    signature = models.BinaryField()
    key = models.ForeignKey(StatementKey, models.PROTECT, related_name="entries")

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["statement", "number"], name="one_statement_entry_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.statement}/{self.number}"

    @property
    def images(self) -> list[placing.Placed]:
        """What it shows, as it is signed."""
        listed = json.loads(self.document).get("images", []) if self.document else []
        return [placing.Placed(**each) for each in listed]


class StatementImage(models.Model):
    """An image that an entry shows: its bytes, for as long as the entry stands. Never changed."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="images")
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=20)
    data = models.BinaryField()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["statement", "sha256"], name="one_statement_image_a_digest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.statement}: {self.sha256[:12]}"


class StatementDraft(models.Model):
    """How a draft is to appear on the page. Without one it is an update in the main language."""

    draft = models.OneToOneField("responses.Draft", models.CASCADE, related_name="for_statement")
    statement = models.ForeignKey(Statement, models.CASCADE, related_name="drafts")
    form = models.CharField(_("kind"), max_length=12, choices=EntryForm, default=EntryForm.UPDATE)
    language = models.CharField(_("language"), max_length=8)
    about = models.ForeignKey(StatementEntry, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    next_update_at = models.DateTimeField(_("next update"), null=True)

    def __str__(self) -> str:
        return f"{self.draft} as {self.form}"


class StatementSubscriber(models.Model):
    """Somebody who wants the updates by e-mail. Leaves with the row: nothing else is kept."""

    statement = models.ForeignKey(Statement, models.CASCADE, related_name="subscribers")
    email = models.EmailField()
    language = models.CharField(max_length=8)
    # In every link of theirs; a link of an earlier subscription does nothing.
    nonce = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    # The "statement_forget" loop: when the row goes, unless it is confirmed before.
    forget_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint("statement", Lower("email"), name="one_follower_an_address")
        ]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["forget_at"],
                condition=models.Q(forget_at__isnull=False),
                name="statement_forget_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} of {self.statement}"


class StatementMail(models.Model):
    """One mail to one subscriber: of an entry, or the question whether they want any."""

    subscriber = models.ForeignKey(StatementSubscriber, models.CASCADE, related_name="mails")
    # None: the mail that asks for a confirmation.
    entry = models.ForeignKey(StatementEntry, models.CASCADE, null=True, related_name="mails")
    # The "statement_mail" loop: when it is due. None: it is done with.
    send_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Set before the server is called; until then the row is nobody's.
    sending_since = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["subscriber", "entry"], name="one_mail_an_entry")
        ]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["send_at"],
                condition=models.Q(send_at__isnull=False),
                name="statement_mail_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id or 'confirmation'} to {self.subscriber_id}"
