"""Escalation over the API: policies with their versions, what would happen, drills, the ladder."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import Brand
from accounts.rules import require
from accounts.selectors import get_brand, members
from core.api.checked import checked
from core.clock import database_now
from core.errors import Refused

from . import escalation, selectors, services
from .enums import Severity, Target
from .models import EscalationPolicy, Incident
from .models_escalation import FireDrill, PolicyVersion
from .selectors import policies as drawing
from .selectors.drills import report
from .services.copying import copied

MOST_VERSIONS = 100


class StepShape(serializers.Serializer):
    """One step. Which fields count hangs on `target`; `wait` is in seconds, after each call.

    `only` holds the conditions: `{"severity": 2, "hours": {"from": "22:00", "to": "06:00",
    "days": [0, 6], "zone": "Europe/Copenhagen"}, "alarms": {"count": 3, "minutes": 30}}`.
    """

    target = serializers.ChoiceField(Target.choices)
    wait = serializers.IntegerField(min_value=0, max_value=86_400, default=0)
    user = serializers.IntegerField(required=False, allow_null=True, default=None)
    role = serializers.CharField(required=False, allow_blank=True, default="", max_length=16)
    line = serializers.IntegerField(required=False, default=1, min_value=1, max_value=2)
    people = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=20
    )
    subject = serializers.IntegerField(required=False, allow_null=True, default=None)
    level = serializers.ChoiceField(Severity.choices, required=False, allow_null=True, default=None)
    times = serializers.IntegerField(required=False, default=1, min_value=1, max_value=10)
    key = serializers.CharField(required=False, default="", allow_blank=True, max_length=12)
    only = serializers.DictField(required=False, default=dict)


class PolicyInput(serializers.Serializer):
    name = serializers.CharField(max_length=120)
    rounds = serializers.IntegerField(min_value=1, max_value=10, default=3)
    is_default = serializers.BooleanField(default=False)
    steps = StepShape(many=True)


class NewPolicyInput(PolicyInput):
    brand = serializers.SlugField()


class PolicyOutput(serializers.Serializer):
    """`words` tells each step in the caller's language."""

    id = serializers.IntegerField(source="pk")
    brand = serializers.SlugField(source="brand.slug")
    name = serializers.CharField()
    rounds = serializers.IntegerField()
    is_default = serializers.BooleanField()
    version = serializers.IntegerField()
    steps = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()

    def get_steps(self, policy: EscalationPolicy) -> list[dict[str, Any]]:
        return copied(policy)

    def get_words(self, policy: EscalationPolicy) -> list[str]:
        known = drawing.names(policy.brand)
        return [
            " · ".join([step.label, *step.limits]) for step in drawing.drawn(copied(policy), known)
        ]


class VersionOutput(serializers.Serializer):
    number = serializers.IntegerField()
    saved_at = serializers.DateTimeField()
    saved_by = serializers.EmailField(source="saved_by.email", default=None)
    name = serializers.CharField()
    rounds = serializers.IntegerField()
    steps: Any = serializers.ListField(child=serializers.DictField(), source="ladder")


class ForeseeInput(serializers.Serializer):
    """For when: now without `at`. `steps` are tried instead of those that are kept."""

    at = serializers.DateTimeField(required=False)
    severity = serializers.ChoiceField(Severity.choices, default=Severity.SEV2)
    alarms = serializers.IntegerField(min_value=0, max_value=99, default=1)
    steps = StepShape(many=True, required=False)


class MomentOutput(serializers.Serializer):
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(["call", "deed", "everyone", "rest"])
    step = serializers.IntegerField(source="number", allow_null=True)
    words = serializers.CharField(source="label")
    people = serializers.ListField(child=serializers.CharField())
    passed = serializers.ListField(child=serializers.CharField())
    until = serializers.DateTimeField(allow_null=True)


class DrillInput(serializers.Serializer):
    severity = serializers.ChoiceField(Severity.choices, default=Severity.SEV1)


class ReachedOutput(serializers.Serializer):
    user = serializers.EmailField(source="user.email")
    step = serializers.IntegerField(allow_null=True)
    called_at = serializers.DateTimeField()
    times = serializers.IntegerField()
    answered_at = serializers.DateTimeField(allow_null=True)


class DrillOutput(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    brand = serializers.SlugField(source="brand.slug")
    policy = serializers.CharField(source="policy_name")
    incident = serializers.CharField(source="incident.reference", default=None)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    people = serializers.SerializerMethodField()

    @extend_schema_field(ReachedOutput(many=True))
    def get_people(self, drill: FireDrill) -> list[dict[str, Any]]:
        return list(ReachedOutput(report(drill), many=True).data)


class RungOutput(serializers.Serializer):
    """One step of an incident's ladder, as its panel shows it."""

    step = serializers.IntegerField(source="number")
    state = serializers.CharField()
    words = serializers.CharField(source="label")
    limits = serializers.ListField(child=serializers.CharField())
    called = serializers.SerializerMethodField()
    fired_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()

    def get_called(self, rung: Any) -> list[str]:
        return [call.user.email for call in rung.calls]


class LadderOutput(serializers.Serializer):
    round = serializers.IntegerField()
    rounds = serializers.IntegerField()
    policy_version = serializers.IntegerField(allow_null=True)
    next_at = serializers.DateTimeField(allow_null=True)
    steps = RungOutput(many=True)


class EscalateInput(serializers.Serializer):
    """Without `step` the next one is called at once."""

    step = serializers.IntegerField(required=False, min_value=1, max_value=99)


def _policy(request: Request, pk: int, *, managing: bool = False) -> EscalationPolicy:
    visible = EscalationPolicy.objects.visible_to(caller(request)).select_related("brand")
    found: EscalationPolicy = get_object_or_404(visible, pk=pk)
    if managing:
        require(caller(request), Permission.MANAGE_BRAND, found.brand_id)
    return found


def _steps(brand: Brand, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Users by id become people; Refused for who is none of the brand's."""
    people = {user.pk: user for user in members(brand)}
    return [dict(step) | {"user": people.get(step["user"])} for step in wanted]


class PoliciesView(APIView):
    """The policies of the caller's brands."""

    @extend_schema(responses=PolicyOutput(many=True), summary="List escalation policies")
    def get(self, request: Request) -> Response:
        rows = EscalationPolicy.objects.visible_to(caller(request)).select_related("brand")
        found = rows.order_by("brand__name", "name", "pk").prefetch_related("steps")
        return Response(PolicyOutput(found, many=True).data)

    @extend_schema(
        request=NewPolicyInput, responses={201: PolicyOutput}, summary="Make an escalation policy"
    )
    def post(self, request: Request) -> Response:
        wanted = checked(NewPolicyInput, request.data)
        brand = get_brand(caller(request), wanted.pop("brand"))
        require(caller(request), Permission.MANAGE_BRAND, brand)
        wanted["steps"] = _steps(brand, wanted["steps"])
        made = services.save_policy(brand, **wanted, by=caller(request))
        return Response(PolicyOutput(made).data, status.HTTP_201_CREATED)


class PolicyView(APIView):
    @extend_schema(responses=PolicyOutput, summary="Read an escalation policy")
    def get(self, request: Request, pk: int) -> Response:
        return Response(PolicyOutput(_policy(request, pk)).data)

    @extend_schema(
        request=PolicyInput, responses=PolicyOutput, summary="Save a policy as its next version"
    )
    def put(self, request: Request, pk: int) -> Response:
        found = _policy(request, pk, managing=True)
        wanted = checked(PolicyInput, request.data)
        wanted["steps"] = _steps(found.brand, wanted["steps"])
        saved = services.save_policy(found.brand, policy=found, **wanted, by=caller(request))
        return Response(PolicyOutput(saved).data)

    @extend_schema(responses={204: None}, summary="Delete an escalation policy")
    def delete(self, request: Request, pk: int) -> Response:
        services.delete_policy(_policy(request, pk, managing=True), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class VersionsView(APIView):
    @extend_schema(responses=VersionOutput(many=True), summary="List the versions of a policy")
    def get(self, request: Request, pk: int) -> Response:
        rows = _policy(request, pk).versions.select_related("saved_by")[:MOST_VERSIONS]
        return Response(VersionOutput(rows, many=True).data)


class RestoreView(APIView):
    @extend_schema(request=None, responses=PolicyOutput, summary="Bring an earlier version back")
    def post(self, request: Request, pk: int, number: int) -> Response:
        found = _policy(request, pk, managing=True)
        version = get_object_or_404(PolicyVersion, policy=found, number=number)
        return Response(PolicyOutput(services.restore_version(version, by=caller(request))).data)


class ForeseeView(APIView):
    """What would happen at a time, by the planner that the engine goes by."""

    @extend_schema(
        request=ForeseeInput, responses=MomentOutput(many=True), summary="What would happen"
    )
    def post(self, request: Request, pk: int) -> Response:
        found = _policy(request, pk)
        wanted = checked(ForeseeInput, request.data)
        stored = [dict(step) for step in wanted.get("steps", [])] or copied(found)
        try:
            ladder = escalation.steps(stored)
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(str(error)) from None
        rows = selectors.foreseen(
            found.brand,
            stored,
            rounds=found.rounds,
            policy_id=found.pk,
            severity=wanted["severity"],
            at=wanted.get("at") or database_now(),
            alarms=wanted["alarms"],
        )
        told = drawing.moments(rows, ladder, drawing.names(found.brand))
        return Response(MomentOutput(told, many=True).data)


class PolicyDrillView(APIView):
    @extend_schema(
        request=DrillInput, responses={201: DrillOutput}, summary="Start a fire drill: it pages"
    )
    def post(self, request: Request, pk: int) -> Response:
        found = _policy(request, pk, managing=True)
        wanted = checked(DrillInput, request.data)
        drill = services.start_drill(
            found, severity=wanted["severity"], by=caller(request), now=database_now()
        )
        return Response(DrillOutput(drill).data, status.HTTP_201_CREATED)


class DrillView(APIView):
    @extend_schema(responses=DrillOutput, summary="Read a drill: who answered, and when")
    def get(self, request: Request, pk: int) -> Response:
        found = get_object_or_404(selectors.drills(caller(request)), pk=pk)
        return Response(DrillOutput(found).data)

    @extend_schema(request=None, responses=DrillOutput, summary="End a drill before its time")
    def post(self, request: Request, pk: int) -> Response:
        found = get_object_or_404(selectors.drills(caller(request)), pk=pk)
        require(caller(request), Permission.MANAGE_BRAND, found.brand_id)
        services.stop_drill(found, by=caller(request), now=database_now())
        return Response(DrillOutput(found).data)


class LadderView(APIView):
    """An incident's ladder: what was called, who is next, and going on from here."""

    @extend_schema(responses=LadderOutput, summary="Read an incident's ladder")
    def get(self, request: Request, reference: str) -> Response:
        return Response(_ladder(_incident(request, reference)))

    @extend_schema(
        request=EscalateInput, responses=LadderOutput, summary="Call the next step, or a later one"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = _incident(request, reference)
        require(caller(request), Permission.RUN_INCIDENT, incident.brand_id)
        wanted = checked(EscalateInput, request.data)
        done = services.escalate_now(
            incident.pk, by=caller(request), step=wanted.get("step"), now=database_now()
        )
        return Response(_ladder(done))


def _incident(request: Request, reference: str) -> Incident:
    visible = Incident.with_drills.visible_to(caller(request)).select_related("brand")
    found: Incident = get_object_or_404(visible, reference=reference)
    return found


def _ladder(incident: Incident) -> dict[str, Any]:
    shown = selectors.ladder(incident, now=database_now())
    found: dict[str, Any] = LadderOutput(
        {
            "round": shown.round,
            "rounds": shown.rounds,
            "policy_version": incident.policy_version,
            "next_at": incident.escalate_at,
            "steps": shown.rungs,
        }
    ).data
    return found
