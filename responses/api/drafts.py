"""Drafts and their approval over the API."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import caller
from accounts.models import User
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now
from core.errors import Refused
from incidents.models import Incident
from responses import picturing, redrawing, selectors, services
from responses.models import Draft
from responses.services.links import Outsider

from .draft_shapes import (
    ApprovalLinkOutput,
    ApproveInput,
    ChangesInput,
    DraftChange,
    DraftFilters,
    DraftInput,
    DraftOutput,
    GlassInput,
    JoinInput,
    OutsiderInput,
    RisksInput,
    SameInput,
    SubmitInput,
    _latest,
    shown_with,
)
from .images import ImageUpload, pairs, with_one


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
