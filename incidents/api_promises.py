"""Words to the public and promises over the API."""

from datetime import datetime
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now

from .api_record import Emailed, find, find_to, person
from .enums_record import Outlet, PromiseState
from .models import Incident
from .models_promises import Promise, PromiseChange, PublicWord
from .selectors import promises as selectors
from .selectors.silence import silence
from .services import promises as services
from .services import silence as words


class PublicWordOutput(serializers.ModelSerializer):
    """A word to the public. `channel` is a network, or where else it was said; `by` noted it."""

    by = Emailed()

    class Meta:
        model = PublicWord
        fields = ("channel", "at", "text", "url", "by", "noted_at")
        read_only_fields = fields


class ChannelOutput(serializers.Serializer):
    """The clock of one channel."""

    channel = serializers.CharField(source="code")
    since = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()


class SilenceOutput(serializers.Serializer):
    """How long the public has heard nothing: since when, until when it may, and what was said."""

    since = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    channels = ChannelOutput(many=True)
    words = PublicWordOutput(many=True)


class PublicWordInput(serializers.Serializer):
    """A word by other means than the desk's publishing; without `at` it was just now."""

    channel = serializers.ChoiceField(Outlet.choices)
    at = serializers.DateTimeField(required=False)
    text = serializers.CharField(max_length=500, default="", allow_blank=True)
    url = serializers.URLField(max_length=500, default="", allow_blank=True)


class PublicWords(APIView):
    """The public's clock."""

    @extend_schema(responses=SilenceOutput, summary="Read the public's clock and what was said")
    def get(self, request: Request, reference: str) -> Response:
        incident = find(request, reference)
        clock = silence(incident, now=database_now())
        said = incident.public_words.select_related("by")[:100]
        return Response(SilenceOutput({**vars(clock), "words": said}).data)

    @extend_schema(
        request=PublicWordInput, responses={201: PublicWordOutput}, summary="Note a public word"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident, now = find_to(request, reference), database_now()
        wanted = {"at": now} | checked(PublicWordInput, request.data)
        noted = words.note_word(incident.pk, words.Word(**wanted), by=caller(request), now=now)
        return Response(PublicWordOutput(noted).data, status.HTTP_201_CREATED)


class PromiseChangeOutput(serializers.ModelSerializer):
    by = Emailed()

    class Meta:
        model = PromiseChange
        fields = ("version", "at", "by", "state", "due_at", "owner", "reason")
        read_only_fields = fields


class PromiseOutput(serializers.ModelSerializer):
    """A promise with all that became of it; `version` is named when changing."""

    owner = Emailed()
    changes = PromiseChangeOutput(many=True, read_only=True)

    class Meta:
        model = Promise
        fields = (
            "number", "text", "due_at", "owner", "state", "made_in", "made_at", "settled_at",
            "version", "changes",
        )  # fmt: skip
        read_only_fields = fields


class PromiseInput(serializers.Serializer):
    """`owner` is a member's e-mail address; who writes it down if left out."""

    text = serializers.CharField(max_length=500)
    due_at = serializers.DateTimeField()
    owner = serializers.EmailField(required=False)
    made_in = serializers.CharField(max_length=200, default="", allow_blank=True)


class PromiseChangeInput(serializers.Serializer):
    """`state` settles the promise, `due_at` moves it: one of the two."""

    version = serializers.IntegerField(min_value=1)
    state = serializers.ChoiceField(
        [state.value for state in PromiseState if state != PromiseState.OPEN], required=False
    )
    due_at = serializers.DateTimeField(required=False)
    reason = serializers.CharField(max_length=1000, default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("state" in attrs) == ("due_at" in attrs):
            raise serializers.ValidationError("Give either state or due_at.")
        return attrs


class Promises(APIView):
    """What the public was promised."""

    @extend_schema(responses=PromiseOutput(many=True), summary="Read the promises")
    def get(self, request: Request, reference: str) -> Response:
        found = selectors.promises(find(request, reference)).prefetch_related("changes__by")
        return Response(PromiseOutput(found, many=True).data)

    @extend_schema(request=PromiseInput, responses={201: PromiseOutput}, summary="Give a promise")
    def post(self, request: Request, reference: str) -> Response:
        incident = find_to(request, reference)
        wanted = checked(PromiseInput, request.data)
        wanted["owner"] = person(incident, wanted.get("owner"))
        promise = services.give_promise(
            incident.pk, services.Given(**wanted), by=caller(request), now=database_now()
        )
        return Response(PromiseOutput(promise).data, status.HTTP_201_CREATED)


class OnePromise(APIView):
    """One promise."""

    @extend_schema(
        request=PromiseChangeInput,
        responses=PromiseOutput,
        summary="Settle or move a promise; 409 if somebody has since the version named",
    )
    def patch(self, request: Request, reference: str, number: int) -> Response:
        incident = find_to(request, reference)
        wanted = checked(PromiseChangeInput, request.data)
        try:
            promise = _change(incident, number, wanted, request, now=database_now())
        except Promise.DoesNotExist:
            raise Http404 from None
        return Response(PromiseOutput(promise).data)


def _change(
    incident: Incident, number: int, wanted: dict[str, Any], request: Request, *, now: datetime
) -> Promise:
    seen, reason, by = wanted["version"], wanted["reason"], caller(request)
    if "state" in wanted:
        settling = services.Settling(wanted["state"], seen, reason)
        return services.settle_promise(incident.pk, number, settling, by=by, now=now)
    move = services.Move(wanted["due_at"], seen, reason)
    return services.move_promise(incident.pk, number, move, by=by, now=now)
