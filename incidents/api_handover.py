"""Handing an incident over, over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now

from . import handing
from .api_privacy import find, person
from .models_updates import IncidentHandOver
from .services import handover


class HandOverOutput(serializers.Serializer):
    """A hand-over note; `signed_at` is null until who takes over has signed it."""

    id = serializers.IntegerField(source="pk")
    giver = serializers.SerializerMethodField()
    taker = serializers.SerializerMethodField()
    text = serializers.CharField()
    takes_lead = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    signed_at = serializers.DateTimeField(allow_null=True)

    def get_giver(self, note: IncidentHandOver) -> str | None:
        return note.giver.email if note.giver else None

    def get_taker(self, note: IncidentHandOver) -> str | None:
        return note.taker.email if note.taker else None


class HandOverInput(serializers.Serializer):
    """`taker` is an e-mail address. Without a text the note is drawn up from the incident."""

    taker = serializers.EmailField()
    text = serializers.CharField(max_length=handover.LONGEST, required=False, default="")
    takes_lead = serializers.BooleanField(default=True)


class HandOversView(APIView):
    @extend_schema(responses=HandOverOutput(many=True), summary="List hand-over notes")
    def get(self, request: Request, reference: str) -> Response:
        rows = find(request, reference).handovers.select_related("giver", "taker")
        return Response(HandOverOutput(rows, many=True).data)

    @extend_schema(
        request=HandOverInput, responses={201: HandOverOutput}, summary="Write a hand-over note"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        wanted = checked(HandOverInput, request.data)
        now = database_now()
        note = handover.hand_over(
            incident.pk,
            taker=person(incident, wanted["taker"]),
            text=wanted["text"] or handing.draw_up(incident, now=now),
            takes_lead=wanted["takes_lead"],
            by=caller(request),
            now=now,
        )
        return Response(HandOverOutput(note).data, status.HTTP_201_CREATED)


class HandOverSignView(APIView):
    @extend_schema(request=None, responses=HandOverOutput, summary="Sign it and take over")
    def post(self, request: Request, reference: str, pk: int) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        note = incident.handovers.get(pk=pk)
        handover.sign(note.pk, by=caller(request), now=database_now())
        return Response(HandOverOutput(incident.handovers.get(pk=pk)).data)
