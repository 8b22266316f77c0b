"""What the API takes and gives of drafts."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from connectors.models import ConnectedAccount
from core.clock import database_now
from responses import outside, texts, waiting
from responses.enums import DraftState, Risk
from responses.models import Draft, Version
from responses.models_policy import ApprovalLink

from .images import ImageInput, ImageOutput


def _latest(draft: Draft) -> Version:
    """The version that `selectors.with_latest` fetched along."""
    version: Version = draft.latest[0]  # type: ignore[attr-defined]
    return version


class AccountOutput(serializers.ModelSerializer):
    """An account that a draft goes out through."""

    class Meta:
        model = ConnectedAccount
        fields = ("id", "network", "name", "is_active")
        read_only_fields = fields


class WaitOutput(serializers.Serializer):
    """A step that is asked now: the critical path. `people` have been asked and not answered."""

    step = serializers.CharField(source="name", read_only=True)
    people = serializers.SerializerMethodField()
    since = serializers.DateTimeField(source="step.opened_at", read_only=True)
    seconds = serializers.SerializerMethodField()
    next_at = serializers.SerializerMethodField()

    def get_people(self, wait: waiting.Wait) -> list[str]:
        return [person.email for person in wait.people]

    def get_seconds(self, wait: waiting.Wait) -> int:
        return int(wait.seconds(self.context["now"]))

    def get_next_at(self, wait: waiting.Wait) -> datetime | None:
        """When the next deputy is asked, if nobody answers."""
        return wait.step.due_at


class ThreadOutput(serializers.Serializer):
    """A thread: the posts that a text goes out as through an account (its id), in order."""

    account = serializers.IntegerField()
    texts = serializers.ListField(child=serializers.CharField())


class DraftOutput(serializers.ModelSerializer):
    """A draft with its latest text and images. `sha256` is of the text's UTF-8 bytes, and with
    images or threads of zero bytes and their lists behind it: approve with it. `parts` are the
    posts that it goes out as through those accounts in which it becomes a thread.

    `written` is the text with its citations of facts, `text` what the public reads.
    """

    incident = serializers.CharField(source="incident.reference", read_only=True)
    author = serializers.EmailField(source="author.email", read_only=True)
    text = serializers.SerializerMethodField()
    written = serializers.SerializerMethodField()
    sha256 = serializers.SerializerMethodField()
    images = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()
    accounts = AccountOutput(many=True, read_only=True)
    risks = serializers.ListField(child=serializers.ChoiceField(Risk.choices), read_only=True)
    waits_for = serializers.SerializerMethodField()
    translation = serializers.IntegerField(source="beside_id", read_only=True, allow_null=True)
    says_the_same = serializers.SerializerMethodField()

    class Meta:
        model = Draft
        fields = (
            "id",
            "incident",
            "number",
            "title",
            "state",
            "author",
            "version",
            "text",
            "written",
            "sha256",
            "images",
            "thread",
            "parts",
            "accounts",
            "risks",
            "act",
            "policy_name",
            "translation",
            "says_the_same",
            "waits_for",
            "submitted_at",
            "approved_at",
            "created_at",
        )
        read_only_fields = fields

    def get_says_the_same(self, draft: Draft) -> bool | None:
        """Whether both stand as somebody said that they say the same; null without one."""
        other = draft.beside
        if other is None:
            return None
        now = (draft.version, other.version)
        return now == (other.beside_version, draft.beside_version)

    def get_text(self, draft: Draft) -> str:
        return _latest(draft).text

    def get_written(self, draft: Draft) -> str:
        return _latest(draft).written

    def get_sha256(self, draft: Draft) -> str:
        return _latest(draft).sha256

    @extend_schema_field(ImageOutput(many=True))
    def get_images(self, draft: Draft) -> list[dict[str, Any]]:
        return list(ImageOutput(_latest(draft).images, many=True).data)

    @extend_schema_field(ThreadOutput(many=True))
    def get_parts(self, draft: Draft) -> list[dict[str, Any]]:
        accounts = [account.pk for account in draft.accounts.all()]
        threads = {pk: _latest(draft).parts_for(pk) for pk in accounts}
        return [{"account": pk, "texts": said} for pk, said in threads.items() if said]

    @extend_schema_field(WaitOutput(many=True))
    def get_waits_for(self, draft: Draft) -> list[dict[str, Any]]:
        waits = self.context["waits"].get(draft.pk, [])
        return list(WaitOutput(waits, many=True, context=self.context).data)


def shown_with(drafts: list[Draft]) -> dict[str, Any]:
    """What DraftOutput needs to know beside the drafts themselves."""
    return {"waits": waiting.of_drafts(drafts), "now": database_now()}


class DraftInput(serializers.Serializer):
    """What it takes to begin a draft. `incident` is a reference, `accounts` are ids."""

    incident = serializers.CharField(max_length=16)
    title = serializers.CharField(max_length=120)
    text = serializers.CharField(max_length=texts.MAX_LENGTH, trim_whitespace=False)
    accounts = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=50, default=list
    )
    # Whether it is parted, as a thread, where a network takes less.
    thread = serializers.BooleanField(default=False)


class DraftChange(serializers.Serializer):
    """What is changed. `base_version` is the version that you read: 409 if it is not the latest.

    With `join`, 409 only where the same sentence was changed in both; the rest is joined.
    """

    base_version = serializers.IntegerField(min_value=1)
    join = serializers.BooleanField(default=False)
    title = serializers.CharField(max_length=120, required=False)
    text = serializers.CharField(max_length=texts.MAX_LENGTH, trim_whitespace=False, required=False)
    accounts = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=50, required=False
    )
    thread = serializers.BooleanField(required=False)
    # All of them in their order; without it they stay as they are.
    images = ImageInput(many=True, required=False)


class ApproveInput(serializers.Serializer):
    """The digest of the text that you read; with `version`, where it goes is compared too."""

    sha256 = serializers.RegexField("^[0-9a-fA-F]{64}$")
    version = serializers.IntegerField(min_value=1, required=False)
    comment = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ChangesInput(serializers.Serializer):
    comment = serializers.CharField(max_length=2000)


class SubmitInput(serializers.Serializer):
    """`reason` is needed, and kept, when the text cites facts that are not verified."""

    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class GlassInput(serializers.Serializer):
    """Why it cannot wait for those who were asked, and the digest of what you read."""

    sha256 = serializers.RegexField("^[0-9a-fA-F]{64}$")
    reason = serializers.CharField(max_length=1000)


class JoinInput(serializers.Serializer):
    sha256 = serializers.RegexField("^[0-9a-fA-F]{64}$")


class SameInput(serializers.Serializer):
    """The versions that you read: of this draft, and of its translation."""

    version = serializers.IntegerField(min_value=1)
    other_version = serializers.IntegerField(min_value=1)


class RisksInput(serializers.Serializer):
    """What makes the draft risky, beside what the desk finds by itself."""

    risks = serializers.ListField(child=serializers.ChoiceField(Risk.choices), max_length=10)


class OutsiderInput(serializers.Serializer):
    """Somebody without an account who is asked in your place."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(required=False, allow_blank=True, default="")
    organisation = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default=""
    )
    hours = serializers.IntegerField(min_value=1, max_value=72, default=4)


class ApprovalLinkOutput(serializers.ModelSerializer):
    """A link by which somebody without an account answers once. `address` is given this once."""

    address = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalLink
        fields = ("id", "name", "email", "organisation", "sha256", "expires_at", "address")
        read_only_fields = fields

    def get_address(self, link: ApprovalLink) -> str:
        return outside.address(link)


class DraftFilters(serializers.Serializer):
    """Which drafts are wanted."""

    incident = serializers.CharField(max_length=16, required=False)
    state = serializers.ChoiceField(DraftState.choices, required=False)
