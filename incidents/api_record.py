"""The incident's record over the API: the fact ledger."""

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

from . import selectors
from .api import require
from .enums_record import FactStatus
from .models import Incident
from .models_facts import Fact, FactChange
from .selectors import facts as ledger
from .services import facts as services


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
