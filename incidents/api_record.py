"""The incident's record over the API: facts, decisions, and the head."""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import User
from core.api.checked import checked
from core.clock import database_now

from . import entries, selectors
from .api import require
from .enums_record import FactStatus, Section
from .models import Incident
from .models_facts import Decision, Fact, FactChange
from .selectors import facts as ledger
from .selectors.head import situation
from .services import facts as services
from .services.decisions import Why, add_decision
from .services.situation import Writing, write_situation


def find(request: Request, reference: str) -> Incident:
    """Return the incident, or 404 alike for a missing and an invisible one."""
    try:
        return selectors.get_incident(caller(request), reference)
    except Incident.DoesNotExist:
        raise Http404 from None


def find_to(
    request: Request, reference: str, permission: Permission = Permission.WRITE_TIMELINE
) -> Incident:
    """Return the incident to somebody who may do this with it."""
    incident = find(request, reference)
    require(request, permission, incident.brand)
    return incident


def person(incident: Incident, email: str | None) -> User | None:
    """Return the member with that address; a 400 with words if there is none."""
    if not email:
        return None
    found: User | None = selectors.insiders(incident).filter(email__iexact=email).first()
    if found is None:
        raise serializers.ValidationError({"owner": "No member of the brand has this address."})
    return found


@extend_schema_field(OpenApiTypes.EMAIL)
class Emailed(serializers.Field):
    """A person as their e-mail address, or null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: User) -> str:
        return str(value.email)


class FactChangeOutput(serializers.ModelSerializer):
    by = Emailed()

    class Meta:
        model = FactChange
        fields = (
            "version",
            "at",
            "by",
            "text",
            "status",
            "source",
            "source_url",
            "owner",
            "reason",
        )
        read_only_fields = fields


class FactOutput(serializers.ModelSerializer):
    """A fact as it stands. Cite it in texts as `[F<number>]`; `version` is named when changing."""

    owner = Emailed()

    class Meta:
        model = Fact
        fields: tuple[str, ...] = (
            "number", "text", "status", "source", "source_url", "mention_id", "owner", "version",
            "created_at", "changed_at",
        )  # fmt: skip
        read_only_fields = fields


class FactHistoryOutput(FactOutput):
    """A fact with every version it had, the latest first."""

    changes = FactChangeOutput(many=True, read_only=True)

    class Meta(FactOutput.Meta):
        fields = (*FactOutput.Meta.fields, "changes")
        read_only_fields = fields


class FactInput(serializers.Serializer):
    """`owner` is a member's e-mail address; who adds the fact if left out."""

    text = serializers.CharField(max_length=1000)
    status = serializers.ChoiceField(FactStatus.choices, default=FactStatus.UNCONFIRMED)
    source: Any = serializers.CharField(max_length=500, default="", allow_blank=True)
    source_url = serializers.URLField(max_length=500, default="", allow_blank=True)
    owner = serializers.EmailField(required=False)


class FactChangeInput(serializers.Serializer):
    """`version` is the one that was seen; whatever else is given is changed."""

    version = serializers.IntegerField(min_value=1)
    text = serializers.CharField(max_length=1000, required=False)
    status = serializers.ChoiceField(FactStatus.choices, required=False)
    source: Any = serializers.CharField(max_length=500, required=False, allow_blank=True)
    source_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    owner = serializers.EmailField(required=False, allow_null=True)
    reason = serializers.CharField(max_length=1000, default="", allow_blank=True)


class Facts(APIView):
    """The fact ledger of an incident."""

    @extend_schema(responses=FactOutput(many=True), summary="Read the facts")
    def get(self, request: Request, reference: str) -> Response:
        found = ledger.facts(find(request, reference))
        return Response(FactOutput(found, many=True).data)

    @extend_schema(request=FactInput, responses={201: FactOutput}, summary="Add a fact")
    def post(self, request: Request, reference: str) -> Response:
        incident = find_to(request, reference)
        wanted = checked(FactInput, request.data)
        wanted["owner"] = person(incident, wanted.get("owner"))
        claim = services.Claim(**wanted)
        fact = services.add_fact(incident.pk, claim, by=caller(request), now=database_now())
        return Response(FactOutput(fact).data, status.HTTP_201_CREATED)


class OneFact(APIView):
    """One fact."""

    @extend_schema(responses=FactHistoryOutput, summary="Read a fact with its history")
    def get(self, request: Request, reference: str, number: int) -> Response:
        return Response(FactHistoryOutput(self._find(find(request, reference), number)).data)

    @extend_schema(
        request=FactChangeInput,
        responses=FactOutput,
        summary="Change a fact; 409 if somebody has since the version named",
    )
    def patch(self, request: Request, reference: str, number: int) -> Response:
        incident = find_to(request, reference)
        self._find(incident, number)
        values = checked(FactChangeInput, request.data)
        seen, reason = values.pop("version"), values.pop("reason")
        if "owner" in values:
            values["owner"] = person(incident, values["owner"])
        change = services.Change(values, seen, reason)
        fact = services.change_fact(
            incident.pk, number, change, by=caller(request), now=database_now()
        )
        return Response(FactOutput(fact).data)

    def _find(self, incident: Incident, number: int) -> Fact:
        try:
            return ledger.get_fact(incident, number)
        except Fact.DoesNotExist:
            raise Http404 from None


class DecisionOutput(serializers.ModelSerializer):
    """A decision; `corrects` is the number of the one whose place it takes."""

    text = serializers.SerializerMethodField()
    owner = Emailed()
    by = Emailed()
    corrects = serializers.IntegerField(source="corrects.number", default=None, read_only=True)

    class Meta:
        model = Decision
        fields = ("number", "text", "reason", "rejected", "owner", "by", "decided_at", "corrects")
        read_only_fields = fields

    def get_text(self, decision: Decision) -> str:
        return entries.decided(decision)


class DecisionInput(serializers.Serializer):
    """`owner` is a member's e-mail address; a decision that corrects another needs a reason."""

    text = serializers.CharField(max_length=4000)
    reason = serializers.CharField(max_length=2000, default="", allow_blank=True)
    rejected = serializers.CharField(max_length=2000, default="", allow_blank=True)
    owner = serializers.EmailField(required=False)
    corrects = serializers.IntegerField(min_value=1, required=False)


class Decisions(APIView):
    """What was decided, and why."""

    @extend_schema(responses=DecisionOutput(many=True), summary="Read the decisions")
    def get(self, request: Request, reference: str) -> Response:
        found = find(request, reference).decisions.select_related(
            "owner", "by", "corrects", "entry"
        )
        return Response(DecisionOutput(found, many=True).data)

    @extend_schema(request=DecisionInput, responses={201: DecisionOutput}, summary="Decide")
    def post(self, request: Request, reference: str) -> Response:
        incident = find_to(request, reference)
        wanted = checked(DecisionInput, request.data)
        text = wanted.pop("text")
        wanted["owner"] = person(incident, wanted.get("owner"))
        try:
            entry = add_decision(
                incident.pk, by=caller(request), text=text, why=Why(**wanted), now=database_now()
            )
        except Decision.DoesNotExist:
            raise Http404 from None
        return Response(DecisionOutput(entry.decision).data, status.HTTP_201_CREATED)


class SituationPartOutput(serializers.Serializer):
    """One part of the head; `version` is named when it is written."""

    section = serializers.CharField()
    text = serializers.CharField()
    version = serializers.IntegerField(source="number")


class SituationOutput(serializers.Serializer):
    """The head: what people wrote, and what the facts say."""

    parts = SituationPartOutput(many=True)
    known = FactOutput(many=True)
    unknown = FactOutput(many=True)
    since = serializers.DateTimeField()
    is_old = serializers.BooleanField()


class SituationInput(serializers.Serializer):
    """`version` is the one that was edited, 0 for the first."""

    section = serializers.ChoiceField(Section.choices)
    text = serializers.CharField(max_length=2000, allow_blank=True)
    version = serializers.IntegerField(min_value=0)


class SituationView(APIView):
    """The head of an incident."""

    @extend_schema(responses=SituationOutput, summary="Read the head")
    def get(self, request: Request, reference: str) -> Response:
        return Response(SituationOutput(situation(find(request, reference))).data)

    @extend_schema(
        request=SituationInput,
        responses=SituationOutput,
        summary="Write a part of the head; 409 if somebody has since the version named",
    )
    def put(self, request: Request, reference: str) -> Response:
        incident = find_to(request, reference)
        wanted = checked(SituationInput, request.data)
        writing = Writing(wanted["section"], wanted["text"], wanted["version"])
        write_situation(incident.pk, writing, by=caller(request), now=database_now())
        return Response(SituationOutput(situation(incident)).data)
