"""Comments on a draft over the API: among colleagues, never part of what goes out."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now
from incidents.api_record import Emailed
from responses import selectors, services
from responses.models import Draft
from responses.models_composing import DraftComment
from responses.services.commenting import LONGEST_COMMENT


class DraftCommentOutput(serializers.ModelSerializer):
    """What somebody said, and of which version."""

    author = Emailed()

    class Meta:
        model = DraftComment
        fields = ("id", "author", "text", "version", "at")
        read_only_fields = fields


class DraftThreadOutput(serializers.Serializer):
    """A comment with its answers; `resolved_at` is null while it is open."""

    first = DraftCommentOutput()
    answers = DraftCommentOutput(many=True)
    resolved_at = serializers.DateTimeField(source="first.resolved_at", allow_null=True)
    resolved_by = Emailed(source="first.resolved_by", allow_null=True)


class DraftCommentInput(serializers.Serializer):
    """`thread` is the id of the comment that this answers. An @ names somebody, who is told."""

    text = serializers.CharField(max_length=LONGEST_COMMENT)
    thread = serializers.IntegerField(
        min_value=1, max_value=10**18, required=False, allow_null=True
    )


class DraftThreadChange(serializers.Serializer):
    resolved = serializers.BooleanField()


def _find(request: Request, pk: int) -> Draft:
    return get_object_or_404(selectors.visible_drafts(caller(request)), pk=pk)


def _shown(draft: Draft) -> list[dict[str, Any]]:
    return list(DraftThreadOutput(selectors.threads(draft), many=True).data)


class CommentsView(APIView):
    """What colleagues say of a draft. It is never published."""

    @extend_schema(
        responses=DraftThreadOutput(many=True), summary="Read what colleagues say of a draft"
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(_shown(_find(request, pk)))

    @extend_schema(
        request=DraftCommentInput,
        responses={201: DraftThreadOutput(many=True)},
        summary="Comment on a draft, or answer in a thread",
    )
    def post(self, request: Request, pk: int) -> Response:
        draft, said = _find(request, pk), checked(DraftCommentInput, request.data)
        services.add_comment(
            draft.pk,
            text=said["text"],
            thread_id=said.get("thread"),
            by=caller(request),
            now=database_now(),
        )
        return Response(_shown(draft), status.HTTP_201_CREATED)


class CommentView(APIView):
    """One thread of a draft."""

    @extend_schema(
        request=DraftThreadChange,
        responses=DraftThreadOutput(many=True),
        summary="Settle a thread, or open it again",
    )
    def patch(self, request: Request, pk: int, thread: int) -> Response:
        draft, wanted = _find(request, pk), checked(DraftThreadChange, request.data)
        get_object_or_404(DraftComment, draft=draft, thread=None, pk=thread)
        services.resolve_comment(
            draft.pk,
            thread,
            resolved=wanted["resolved"],
            by=caller(request),
            now=database_now(),
        )
        return Response(_shown(draft))
