"""The order of telling of an incident over the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now
from incidents.api_privacy import find
from incidents.models import Incident
from responses.enums_plan import Audience
from responses.models import Draft
from responses.models_telling import EarlyWord, Telling
from responses.plan import order
from responses.services.plan import telling


class TellingOutput(serializers.ModelSerializer):
    """One audience: `how` and `who` are the plan's, `means` how they were told in fact."""

    told_by = serializers.EmailField(source="told_by.email", default=None, read_only=True)

    class Meta:
        model = Telling
        fields = ("audience", "how", "who", "told_at", "told_by", "means", "waived")
        read_only_fields = fields


class TellingOrderOutput(serializers.Serializer):
    """`untold` come before the public and have not been told: drafts wait for them."""

    order = TellingOutput(many=True)
    untold = serializers.ListField(child=serializers.ChoiceField(Audience.choices))


class TellingInput(serializers.Serializer):
    """What happened: `told` (by what: `note`), `waive` (why: `note`), `take_back`; `take_order`
    takes over the plan's order as it is now and needs no audience."""

    do = serializers.ChoiceField(list(telling.DEEDS))
    audience = serializers.ChoiceField(Audience.choices, required=False)
    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class EarlyInput(serializers.Serializer):
    reason = serializers.CharField(max_length=1000)


class EarlyOutput(serializers.ModelSerializer):
    """Why a draft goes out before those in `untold` have been told."""

    said_by = serializers.EmailField(source="said_by.email", read_only=True)
    untold = serializers.ListField(child=serializers.ChoiceField(Audience.choices), read_only=True)

    class Meta:
        model = EarlyWord
        fields = ("reason", "untold", "said_by", "said_at")
        read_only_fields = fields


def _shown(incident: Incident) -> dict[str, Any]:
    found = {
        "order": order.order_of(incident),
        "untold": [each.value for each in order.untold(incident)],
    }
    return dict(TellingOrderOutput(found).data)


class TellingView(APIView):
    @extend_schema(responses=TellingOrderOutput, summary="Read an incident's order of telling")
    def get(self, request: Request, reference: str) -> Response:
        return Response(_shown(order.going_on(find(request, reference))))

    @extend_schema(
        request=TellingInput, responses=TellingOrderOutput, summary="Note who has been told"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident, given = find(request, reference), checked(TellingInput, request.data)
        deed = telling.Deed(given["do"], given.get("audience", ""), given["note"])
        telling.do(incident.pk, deed, by=caller(request), now=database_now())
        return Response(_shown(order.going_on(find(request, reference))))


class EarlyView(APIView):
    @extend_schema(
        request=EarlyInput,
        responses={201: EarlyOutput},
        summary="Say why a draft goes out before others are told",
    )
    def post(self, request: Request, pk: int) -> Response:
        draft = get_object_or_404(Draft.objects.visible_to(caller(request)), pk=pk)
        reason = checked(EarlyInput, request.data)["reason"]
        word = telling.say_early(draft.pk, reason=reason, by=caller(request), now=database_now())
        return Response(EarlyOutput(word).data, 201)
