"""The concern board of an incident over the API."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now
from incidents.api_record import Emailed, find
from incidents.models import Incident
from responses import board
from responses.enums_engage import RunKind
from responses.models_engage import AnswerRun, Concern
from responses.services.engage import concerns, working
from responses.services.engage.halting import halt
from responses.services.engage.runs import start_run

from .conversations import WAITS_FOR, concern_of, find_to, person_of


class RunOutput(serializers.Serializer):
    """One answer to many: how far it has come, and whether it was halted."""

    id = serializers.IntegerField(source="run.pk")
    kind = serializers.ChoiceField(RunKind.choices, source="run.kind")
    started_at = serializers.DateTimeField(source="run.started_at")
    halted_at = serializers.DateTimeField(source="run.halted_at", allow_null=True)
    total = serializers.IntegerField()
    sent = serializers.IntegerField()
    left = serializers.IntegerField()
    failed = serializers.IntegerField()
    unsure = serializers.IntegerField()


class ConcernTextOutput(serializers.Serializer):
    """A concern's text: its draft's number, whether it is approved, to how many it would go, and
    who has to be told before it leaves (or why not: `POST /api/v1/drafts/<draft_id>/early/`)."""

    draft = serializers.IntegerField(source="draft.number")
    draft_id = serializers.IntegerField(source="draft.pk")
    text = serializers.CharField(source="version.text")
    sha256 = serializers.CharField(source="version.sha256")
    ready = serializers.BooleanField()
    to = serializers.IntegerField()
    waits_for = WAITS_FOR


class ConcernOutput(serializers.Serializer):
    """A question: who sees to it, how many ask it, how many have their answer."""

    number = serializers.IntegerField(source="concern.number")
    question = serializers.CharField(source="concern.question")
    owner = Emailed(source="concern.owner")
    version = serializers.IntegerField(source="concern.version")
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()
    share = serializers.FloatField()
    answer = ConcernTextOutput(allow_null=True)
    fix = ConcernTextOutput(allow_null=True)
    runs = RunOutput(many=True)
    alike = serializers.ListField(child=serializers.IntegerField())


class ConcernInput(serializers.Serializer):
    """A question, who sees to it (an e-mail address), and the conversations that ask it."""

    question = serializers.CharField(max_length=300)
    owner = serializers.EmailField(required=False, allow_null=True)
    conversations = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=working.MOST, default=list
    )


class ConcernChange(serializers.Serializer):
    """Other words, or another owner. `version` is the one that you read: 409 if it is not."""

    question = serializers.CharField(max_length=300)
    owner = serializers.EmailField(required=False, allow_null=True)
    version = serializers.IntegerField(min_value=1)


def _card(incident: Incident, pk: int) -> dict[str, Any]:
    shown = next(each for each in board.cards(incident) if each.concern.pk == pk)
    return dict(ConcernOutput(shown).data)


class Concerns(APIView):
    """The concern board."""

    @extend_schema(responses=ConcernOutput(many=True), summary="Read the concern board")
    def get(self, request: Request, reference: str) -> Response:
        return Response(ConcernOutput(board.cards(find(request, reference)), many=True).data)

    @extend_schema(
        request=ConcernInput, responses={201: ConcernOutput}, summary="Put a question on the board"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find_to(request, reference, Permission.DRAFT)
        wanted = checked(ConcernInput, request.data)
        wanted["owner"] = person_of(incident, wanted.get("owner"))
        made = concerns.add_concern(
            incident.pk, wanted.pop("question"), **wanted, by=caller(request), now=database_now()
        )
        return Response(_card(incident, made.pk), status.HTTP_201_CREATED)


def _find_concern(request: Request, reference: str, number: int) -> Concern:
    found = concern_of(find_to(request, reference, Permission.DRAFT), number)
    if found is None:
        raise Http404
    return found


class OneConcern(APIView):
    """One question of the board."""

    @extend_schema(request=ConcernChange, responses=ConcernOutput, summary="Change a question")
    def patch(self, request: Request, reference: str, number: int) -> Response:
        found = _find_concern(request, reference, number)
        wanted = checked(ConcernChange, request.data)
        concerns.change_concern(
            found.pk,
            question=wanted["question"],
            owner=person_of(found.incident, wanted.get("owner")),
            seen=wanted["version"],
            by=caller(request),
            now=database_now(),
        )
        return Response(_card(found.incident, found.pk))


class ConcernTextInput(serializers.Serializer):
    """A text with {name} where it names whom it goes to. It becomes a draft, to be approved."""

    kind = serializers.ChoiceField(RunKind.choices)
    text = serializers.CharField(max_length=10_000, trim_whitespace=False)


class ConcernText(APIView):
    """What a question is answered with."""

    @extend_schema(
        request=ConcernTextInput, responses={201: ConcernOutput}, summary="Write the answer"
    )
    def post(self, request: Request, reference: str, number: int) -> Response:
        found = _find_concern(request, reference, number)
        wanted = checked(ConcernTextInput, request.data)
        kind, by = RunKind(wanted["kind"]), caller(request)
        concerns.write_for(found.pk, kind, text=wanted["text"], by=by, now=database_now())
        return Response(_card(found.incident, found.pk), status.HTTP_201_CREATED)


class RunInput(serializers.Serializer):
    """Which text goes to all, and the digest of what you read."""

    kind = serializers.ChoiceField(RunKind.choices)
    sha256 = serializers.RegexField("^[0-9a-fA-F]{64}$")


class ConcernRuns(APIView):
    """Answering all who asked."""

    @extend_schema(
        request=RunInput,
        responses={201: ConcernOutput},
        summary="Send the approved answer to all who asked",
    )
    def post(self, request: Request, reference: str, number: int) -> Response:
        found = _find_concern(request, reference, number)
        wanted = checked(RunInput, request.data)
        kind, by = RunKind(wanted["kind"]), caller(request)
        start_run(found.pk, kind, digest=wanted["sha256"], by=by, now=database_now())
        return Response(_card(found.incident, found.pk), status.HTTP_201_CREATED)


class HaltRun(APIView):
    """Ending an answer to many."""

    @extend_schema(request=None, responses=ConcernOutput, summary="Halt an answer to all who asked")
    def post(self, request: Request, reference: str, run: int) -> Response:
        incident = find_to(request, reference, Permission.DRAFT)
        found = AnswerRun.objects.filter(incident=incident, pk=run).first()
        if found is None:
            raise Http404
        halt(found.pk, by=caller(request), now=database_now())
        return Response(_card(incident, found.concern_id))
