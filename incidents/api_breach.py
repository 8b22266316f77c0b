"""A breach of personal data over the API, for who may see it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from accounts.models import User
from core.api.checked import checked
from core.clock import database_now

from .api_record import Emailed, FactOutput, find
from .enums_record import BreachField, BreachState, Telling
from .models import Incident
from .models_breach import Breach, BreachEvent
from .selectors import breach as selectors
from .services import breach as services


class BreachFieldOutput(serializers.Serializer):
    """A field of the notice; `unsure` are cited facts that are not verified."""

    field = serializers.CharField(source="code")
    text = serializers.CharField()
    version = serializers.IntegerField(source="number")
    unsure = FactOutput(many=True)


class BreachEventOutput(serializers.ModelSerializer):
    by = Emailed()

    class Meta:
        model = BreachEvent
        fields = ("at", "happened_at", "by", "step", "reason", "reference")
        read_only_fields = fields


class BreachOutput(serializers.Serializer):
    """The 72 hours and the notice; `missing` are fields of art. 33(3) that are empty."""

    aware_at = serializers.DateTimeField(source="breach.aware_at")
    due_at = serializers.DateTimeField(source="breach.due_at")
    state = serializers.ChoiceField(BreachState.choices, source="breach.state")
    telling = serializers.ChoiceField(Telling.choices, source="breach.telling")
    is_late = serializers.BooleanField()
    contents = BreachFieldOutput(many=True, source="fields_shown")
    missing = serializers.ListField(child=serializers.CharField())
    events = BreachEventOutput(many=True)


class BreachInput(serializers.Serializer):
    """Starts the clock: from when, and how the company became aware."""

    aware_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=1000)


class BreachChangeInput(serializers.Serializer):
    """What to do, with what it needs.

    `aware` (at, reason) · `write` (field, text, version) · `notify` (at, reference, reason) ·
    `waive`, `again` (reason) · `telling` (telling, reason).
    """

    do = serializers.ChoiceField(["aware", "write", "notify", "waive", "again", "telling"])
    at = serializers.DateTimeField(required=False)
    reason = serializers.CharField(max_length=1000, default="", allow_blank=True)
    reference = serializers.CharField(max_length=120, default="", allow_blank=True)
    field = serializers.ChoiceField(BreachField.choices, required=False)
    text = serializers.CharField(max_length=4000, default="", allow_blank=True)
    version = serializers.IntegerField(min_value=0, default=0)
    telling = serializers.ChoiceField(Telling.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needs = {"aware": "at", "notify": "at", "write": "field", "telling": "telling"}
        needed = needs.get(attrs["do"])
        if needed and needed not in attrs:
            raise serializers.ValidationError({needed: "This field is required."})
        return attrs


class BreachView(APIView):
    """The notice to the authority about an incident."""

    @extend_schema(responses=BreachOutput, summary="Read the notice and its clock")
    def get(self, request: Request, reference: str) -> Response:
        incident = _seen(request, reference)
        return Response(_shown(incident))

    @extend_schema(request=BreachInput, responses={201: BreachOutput}, summary="Start the 72 hours")
    def post(self, request: Request, reference: str) -> Response:
        incident = _written(request, reference)
        wanted = checked(BreachInput, request.data)
        services.start_breach(
            incident.pk, wanted["aware_at"], reason=wanted["reason"], by=caller(request),
            now=database_now(),
        )  # fmt: skip
        return Response(_shown(incident), status.HTTP_201_CREATED)

    @extend_schema(
        request=BreachChangeInput, responses=BreachOutput, summary="Do something about the notice"
    )
    def patch(self, request: Request, reference: str) -> Response:
        incident = _written(request, reference)
        wanted = checked(BreachChangeInput, request.data)
        try:
            DEEDS[wanted["do"]](incident.pk, wanted, caller(request), database_now())
        except Breach.DoesNotExist:
            raise Http404 from None
        return Response(_shown(incident))


def _seen(request: Request, reference: str) -> Incident:
    incident = find(request, reference)
    if not selectors.may_see(caller(request), incident):
        raise PermissionDenied
    return incident


def _written(request: Request, reference: str) -> Incident:
    incident = find(request, reference)
    if not selectors.may_write(caller(request), incident):
        raise PermissionDenied
    return incident


def _shown(incident: Incident) -> Any:
    breach = selectors.get_breach(incident)
    if breach is None:
        raise Http404
    notice = selectors.notice(breach, now=database_now())
    events = selectors.events(breach)
    return BreachOutput({**vars(notice), "fields_shown": notice.fields, "events": events}).data


def _notify(incident_id: int, wanted: dict[str, Any], by: User, now: datetime) -> None:
    sent = services.Notified(wanted["at"], wanted["reference"], wanted["reason"])
    services.notify_authority(incident_id, sent, by=by, now=now)


def _write(incident_id: int, wanted: dict[str, Any], by: User, now: datetime) -> None:
    text = services.Text(wanted["field"], wanted["text"], wanted["version"])
    services.write_field(incident_id, text, by=by, now=now)


Deed = Callable[[int, dict[str, Any], User, datetime], Any]
DEEDS: dict[str, Deed] = {
    "aware": lambda pk, wanted, by, now: services.set_aware(
        pk, wanted["at"], reason=wanted["reason"], by=by, now=now
    ),
    "write": _write,
    "notify": _notify,
    "waive": lambda pk, wanted, by, now: services.waive_notice(
        pk, reason=wanted["reason"], by=by, now=now
    ),
    "again": lambda pk, wanted, by, now: services.take_up_again(
        pk, reason=wanted["reason"], by=by, now=now
    ),
    "telling": lambda pk, wanted, by, now: services.decide_telling(
        pk, wanted["telling"], reason=wanted["reason"], by=by, now=now
    ),
}
