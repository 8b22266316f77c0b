"""Links between incidents, merging and splitting, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now

from . import services
from .api import IncidentOutput
from .api_privacy import ReasonInput, find
from .enums import Severity, Tie
from .selectors import ties


class LinkOutput(serializers.Serializer):
    """A linked incident. `outward`: the incident asked about is `tie` it; else the other way."""

    id = serializers.IntegerField(source="link.pk")
    incident = serializers.CharField(source="incident.reference")
    tie = serializers.ChoiceField(Tie.choices)
    outward = serializers.BooleanField()


class LinkInput(serializers.Serializer):
    """`other` is a reference."""

    other = serializers.CharField(max_length=16)
    tie = serializers.ChoiceField([Tie.RELATED.value, Tie.CAUSED.value, Tie.DUPLICATE.value])


class MergeInput(serializers.Serializer):
    """`into` is the reference of the incident that goes on."""

    into = serializers.CharField(max_length=16)
    reason = serializers.CharField(max_length=2000)


class SplitInput(serializers.Serializer):
    """Entries by number, which are copied; mentions and tasks by id, which move."""

    title = serializers.CharField(max_length=200)
    severity = serializers.ChoiceField(Severity.choices)
    reason = serializers.CharField(max_length=2000)
    entries = serializers.ListField(child=serializers.IntegerField(min_value=1), default=list)
    mentions = serializers.ListField(child=serializers.IntegerField(min_value=1), default=list)
    tasks = serializers.ListField(child=serializers.IntegerField(min_value=1), default=list)
    call = serializers.BooleanField(default=False)


class LinksView(APIView):
    @extend_schema(responses=LinkOutput(many=True), summary="List linked incidents")
    def get(self, request: Request, reference: str) -> Response:
        incident = find(request, reference)
        found: Any = ties.related(incident, user=caller(request))
        return Response(LinkOutput(found, many=True).data)

    @extend_schema(
        request=LinkInput, responses={201: LinkOutput(many=True)}, summary="Link two incidents"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        wanted = checked(LinkInput, request.data)
        other = find(request, wanted["other"])
        by = caller(request)
        services.tie(incident.pk, other.pk, wanted["tie"], by=by, now=database_now())
        found: Any = ties.related(incident, user=by)
        return Response(LinkOutput(found, many=True).data, status.HTTP_201_CREATED)


class LinkView(APIView):
    @extend_schema(responses={204: None}, summary="Remove a link")
    def delete(self, request: Request, reference: str, pk: int) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        found = ties.related(incident, user=caller(request))
        link = next((each.link for each in found if each.link.pk == pk), None)
        if link is None:
            raise NotFound
        services.untie(link, by=caller(request), now=database_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class MergeView(APIView):
    @extend_schema(
        request=MergeInput, responses=IncidentOutput, summary="Merge an incident into another"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        wanted = checked(MergeInput, request.data)
        target = find(request, wanted["into"], Permission.RUN_INCIDENT)
        now, reason = database_now(), wanted["reason"]
        services.merge(incident.pk, target.pk, by=caller(request), reason=reason, now=now)
        return Response(IncidentOutput(find(request, reference)).data)


class UnmergeView(APIView):
    @extend_schema(
        request=ReasonInput, responses=IncidentOutput, summary="Take a merging back, within a day"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        reason = checked(ReasonInput, request.data)["reason"]
        services.unmerge(incident.pk, by=caller(request), reason=reason, now=database_now())
        return Response(IncidentOutput(find(request, reference)).data)


class SplitView(APIView):
    @extend_schema(request=SplitInput, responses={201: IncidentOutput}, summary="Split an incident")
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        wanted = checked(SplitInput, request.data)
        names = ("title", "severity", "entries", "mentions", "tasks")
        part = services.Part(**{name: wanted[name] for name in names})
        made = services.split(
            incident.pk,
            part,
            by=caller(request),
            reason=wanted["reason"],
            call=wanted["call"],
            now=database_now(),
        )
        return Response(IncidentOutput(made).data, status.HTTP_201_CREATED)
