"""What an incident reminds of, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller

from .api_privacy import find
from .selectors import precedents as reading


class PrecedentOutput(serializers.Serializer):
    """An earlier case: how near from 0 to 1, why, and what was different, in words."""

    title = serializers.CharField(source="case.title")
    where = serializers.CharField(source="case.where")
    url = serializers.CharField(source="case.url")
    nearness = serializers.FloatField()
    alike = serializers.ListField(child=serializers.CharField())
    different = serializers.ListField(child=serializers.CharField())
    lessons = serializers.ListField(child=serializers.CharField(), source="case.lessons")


class PrecedentsView(APIView):
    @extend_schema(responses=PrecedentOutput(many=True), summary="List the closest earlier cases")
    def get(self, request: Request, reference: str) -> Response:
        found: Any = reading.precedents(find(request, reference), user=caller(request))
        return Response(PrecedentOutput(found, many=True).data)
