"""Drafts, approvals and publications over the API."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import caller
from accounts.models import User
from connectors.models import ConnectedAccount
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now
from core.errors import Refused
from incidents.models import Incident

from . import outside, picturing, problems, redrawing, selectors, services, texts, waiting
from .api_images import ImageInput, ImageOutput, ImageUpload, pairs, with_one
from .enums import DraftState, PublicationState, Risk
from .models import Draft, Publication, Version
from .models_policy import ApprovalLink
from .services.links import Outsider


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


class PublicationOutput(serializers.ModelSerializer):
    """One version on its way out through one account, or part `part` of the thread of `parts` posts
    that it is there; `text` is what stands there. `problem` says what is wrong, if anything."""

    draft = serializers.IntegerField(source="version.draft_id", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    incident = serializers.CharField(source="version.draft.incident.reference", read_only=True)
    account = AccountOutput(read_only=True)
    problem = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()
    text = serializers.CharField(source="said", read_only=True)

    class Meta:
        model = Publication
        fields = (
            "id",
            "incident",
            "draft",
            "version",
            "account",
            "part",
            "parts",
            "text",
            "state",
            "sha256",
            "publish_at",
            "attempts",
            "sent_at",
            "external_id",
            "url",
            "edited_at",
            "gone_at",
            "problem",
            "created_at",
        )
        read_only_fields = fields

    def get_parts(self, publication: Publication) -> int:
        return len(publication.thread) or 1

    def get_problem(self, publication: Publication) -> str:
        return problems.words(publication.error)


class PublicationFilters(serializers.Serializer):
    """Which publications are wanted; `draft` is an id."""

    incident = serializers.CharField(max_length=16, required=False)
    draft = serializers.IntegerField(min_value=1, required=False)
    state = serializers.ChoiceField(PublicationState.choices, required=False)


class SettleInput(serializers.Serializer):
    """What somebody who looked found."""

    outcome = serializers.ChoiceField(["sent", "failed"])
    url = serializers.URLField(max_length=2000, required=False, allow_blank=True, default="")


def _latest(draft: Draft) -> Version:
    """The version that `selectors.with_latest` fetched along."""
    version: Version = draft.latest[0]  # type: ignore[attr-defined]
    return version


def _joined(draft: Draft, wanted: dict[str, Any], *, by: User) -> Draft:
    """Save a text typed on an earlier version, joined with what was saved since."""
    own = frozenset(account.pk for account in draft.accounts.all())
    typed = services.Typed(
        wanted["text"],
        wanted.get("title", draft.title),
        frozenset(wanted.get("accounts", own)),
        pairs(wanted.get("images")),
        wanted.get("thread"),
    )
    seen = services.Seen(wanted["base_version"], draft.title, own)
    return services.save_together(draft.pk, typed, seen=seen, by=by, now=database_now()).draft


@extend_schema_view(
    list=extend_schema(parameters=[DraftFilters], summary="List drafts"),
    retrieve=extend_schema(summary="Read a draft"),
)
class DraftViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Draft]
):
    """Drafts of the caller's brands, by id."""

    serializer_class = DraftOutput
    queryset = Draft.objects.none()
    pagination_class = Keyset
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Draft]:
        rows = selectors.with_latest(selectors.visible_drafts(caller(self.request)))
        if self.action != "list":
            return rows
        wanted = checked(DraftFilters, self.request.query_params)
        names = {"incident": "incident__reference", "state": "state"}
        return rows.filter(**{names[name]: value for name, value in wanted.items()})

    def _shown(self, draft: Draft, code: int = status.HTTP_200_OK) -> Response:
        fresh = selectors.with_latest(selectors.visible_drafts(caller(self.request))).get(
            pk=draft.pk
        )
        return Response(DraftOutput(fresh, context=shown_with([fresh])).data, code)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        rows = DraftOutput(page, many=True, context=shown_with(page))
        return self.get_paginated_response(rows.data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._shown(self.get_object())

    @extend_schema(request=DraftInput, responses={201: DraftOutput}, summary="Begin a draft")
    def create(self, request: Request) -> Response:
        wanted = checked(DraftInput, request.data)
        visible = Incident.objects.visible_to(caller(request))
        incident = visible.filter(reference=wanted["incident"]).first()
        if incident is None:
            raise Refused(_("There is no such incident."))
        draft = services.create_draft(
            incident.pk,
            title=wanted["title"],
            text=wanted["text"],
            account_ids=wanted["accounts"],
            thread=wanted["thread"],
            by=caller(request),
            now=database_now(),
        )
        return self._shown(draft, status.HTTP_201_CREATED)

    @extend_schema(request=DraftChange, responses=DraftOutput, summary="Change a draft")
    def partial_update(self, request: Request, pk: str) -> Response:
        draft = self.get_object()
        wanted = checked(DraftChange, request.data)
        if wanted["join"] and "text" in wanted:
            return self._shown(_joined(draft, wanted, by=caller(request)))
        done = services.edit_draft(
            draft.pk,
            text=wanted.get("text", _latest(draft).written),
            base_version=wanted["base_version"],
            title=wanted.get("title"),
            account_ids=wanted.get("accounts"),
            images=pairs(wanted.get("images")),
            thread=wanted.get("thread"),
            by=caller(request),
            now=database_now(),
        )
        return self._shown(done)

    @extend_schema(request=SubmitInput, responses=DraftOutput, summary="Ask for an approval")
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        draft = self.get_object()
        reason = checked(SubmitInput, request.data)["reason"]
        done = services.submit(draft.pk, by=caller(request), now=database_now(), reason=reason)
        return self._shown(done)

    @extend_schema(
        request={"multipart/form-data": ImageUpload},
        responses={201: DraftOutput},
        summary="Attach an image",
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    def images(self, request: Request, pk: str) -> Response:
        """It is drawn anew, without where and with what it was taken; its alt text goes along."""
        draft, by = self.get_object(), caller(request)
        wanted = checked(ImageUpload, request.data)
        source = wanted["file"].read(redrawing.MOST_UPLOADED + 1)
        kept = services.keep_image(draft.pk, source, by=by, now=database_now())
        done = services.edit_draft(
            draft.pk,
            text=_latest(draft).written,
            base_version=wanted["base_version"],
            images=with_one(_latest(draft), kept.sha256, wanted["alt"]),
            by=by,
            now=database_now(),
        )
        return self._shown(done, status.HTTP_201_CREATED)

    @extend_schema(
        responses={(200, "image/*"): OpenApiTypes.BINARY}, summary="Read an image's bytes"
    )
    @action(detail=True, url_path="images/(?P<sha256>[0-9a-f]{64})", url_name="image")
    def image(self, request: Request, pk: str, sha256: str) -> HttpResponse:
        return picturing.sent(self.get_object(), sha256)

    @extend_schema(request=ApproveInput, responses=DraftOutput, summary="Approve what you read")
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """403 to whoever wrote or changed it; 409 when the text is not the one you read."""
        draft = self.get_object()
        wanted = checked(ApproveInput, request.data)
        done = services.approve(draft.pk, by=caller(request), now=database_now(), **wanted)
        return self._shown(done)

    @extend_schema(request=None, responses=DraftOutput, summary="Take your approval back")
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Within ten seconds; then 409."""
        draft = self.get_object()
        return self._shown(services.undo_approval(draft.pk, by=caller(request), now=database_now()))

    @extend_schema(request=ChangesInput, responses=DraftOutput, summary="Ask for changes")
    @action(detail=True, methods=["post"])
    def changes(self, request: Request, pk: str) -> Response:
        draft = self.get_object()
        wanted = checked(ChangesInput, request.data)
        done = services.ask_changes(draft.pk, by=caller(request), now=database_now(), **wanted)
        return self._shown(done)

    @extend_schema(
        request=None, responses={201: DraftOutput}, summary="Write it in another language too"
    )
    @action(detail=True, methods=["post"])
    def translate(self, request: Request, pk: str) -> Response:
        """A draft with the same words, to be written over; `translation` of each is the other."""
        draft = self.get_object()
        made = services.start_translation(draft.pk, by=caller(request), now=database_now())
        return self._shown(made, status.HTTP_201_CREATED)

    @extend_schema(request=SameInput, responses=DraftOutput, summary="Both say the same")
    @action(detail=True, methods=["post"])
    def same(self, request: Request, pk: str) -> Response:
        """409 when either was changed since you read it."""
        draft = self.get_object()
        wanted = checked(SameInput, request.data)
        return self._shown(services.say_same(draft.pk, by=caller(request), **wanted))

    @extend_schema(request=RisksInput, responses=DraftOutput, summary="Say what makes it risky")
    @action(detail=True, methods=["post"])
    def risks(self, request: Request, pk: str) -> Response:
        draft = self.get_object()
        wanted = checked(RisksInput, request.data)
        done = services.set_risks(draft.pk, by=caller(request), now=database_now(), **wanted)
        return self._shown(done)

    @extend_schema(request=GlassInput, responses=DraftOutput, summary="Break the glass")
    @action(detail=True, methods=["post"])
    def glass(self, request: Request, pk: str) -> Response:
        """Nothing goes out before a second person has joined, within half an hour."""
        draft = self.get_object()
        wanted = checked(GlassInput, request.data)
        services.break_glass(draft.pk, by=caller(request), now=database_now(), **wanted)
        return self._shown(draft)

    @extend_schema(request=JoinInput, responses=DraftOutput, summary="Be the second at the glass")
    @action(detail=True, methods=["post"], url_path="glass/join")
    def join_glass(self, request: Request, pk: str) -> Response:
        draft = self.get_object()
        wanted = checked(JoinInput, request.data)
        done = services.join_glass(draft.pk, by=caller(request), now=database_now(), **wanted)
        return self._shown(done)

    @extend_schema(
        request=OutsiderInput,
        responses={201: ApprovalLinkOutput},
        summary="Ask somebody without an account",
    )
    @action(detail=True, methods=["post"])
    def outside(self, request: Request, pk: str) -> Response:
        """Only for somebody whom the draft waits for: the answer is given in their place."""
        draft = self.get_object()
        wanted = checked(OutsiderInput, request.data)
        link = services.ask_outside(
            draft.pk, Outsider(**wanted), by=caller(request), now=database_now()
        )
        return Response(ApprovalLinkOutput(link).data, status.HTTP_201_CREATED)


@extend_schema_view(
    list=extend_schema(parameters=[PublicationFilters], summary="List publications"),
    retrieve=extend_schema(summary="Read a publication"),
)
class PublicationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Publication]
):
    """What went out, goes out, or did not, of the caller's brands."""

    serializer_class = PublicationOutput
    queryset = Publication.objects.none()
    pagination_class = Keyset
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Publication]:
        rows = selectors.visible_publications(caller(self.request))
        if self.action != "list":
            return rows
        wanted = checked(PublicationFilters, self.request.query_params)
        names = {
            "incident": "version__draft__incident__reference",
            "draft": "version__draft",
            "state": "state",
        }
        return rows.filter(**{names[name]: value for name, value in wanted.items()})

    @extend_schema(
        request=SettleInput, responses=PublicationOutput, summary="Say what became of it"
    )
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """For one that may or may not be out: somebody has looked."""
        publication = self.get_object()
        wanted = checked(SettleInput, request.data)
        services.settle(
            publication.pk,
            wanted["outcome"],
            by=caller(request),
            url=wanted["url"],
            now=database_now(),
        )
        return Response(PublicationOutput(self.get_object()).data)

    @extend_schema(request=None, responses={201: DraftOutput}, summary="Edit what is published")
    @action(detail=True, methods=["post"])
    def edit(self, request: Request, pk: str) -> Response:
        """Begin a draft whose text takes its place, once it is approved."""
        return self._begun(services.start_edit, request)

    @extend_schema(request=None, responses={201: DraftOutput}, summary="Take it down")
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Ask for an approval of taking it down."""
        return self._begun(services.start_removal, request)

    @extend_schema(request=None, responses={201: DraftOutput}, summary="Correct it")
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str) -> Response:
        """Begin the draft that puts right what rests on a withdrawn fact."""
        return self._begun(services.start_correction, request)

    def _begun(self, service: Callable[..., Draft], request: Request) -> Response:
        user = caller(request)
        draft = service(self.get_object().pk, by=user, now=database_now())
        fresh = selectors.with_latest(selectors.visible_drafts(user)).get(pk=draft.pk)
        shown = DraftOutput(fresh, context=shown_with([fresh]))
        return Response(shown.data, status.HTTP_201_CREATED)
