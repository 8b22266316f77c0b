"""The case library over the API."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from core.api.checked import checked
from monitoring.enums import CrisisType

from .cases.selectors import CaseFilters, get_study, studies
from .enums_cases import CaseOrigin, Cluster, Strategy
from .models_cases import CaseStudy

MOST = 500


class CaseFilterInput(serializers.Serializer):
    """Which cases are wanted: by words in either language, and by what they are."""

    words = serializers.CharField(max_length=200, required=False, default="")
    kind = serializers.ChoiceField(CrisisType.choices, required=False, default="")
    cluster = serializers.ChoiceField(Cluster.choices, required=False, default="")
    strategy = serializers.ChoiceField(Strategy.choices, required=False, default="")
    origin = serializers.ChoiceField(CaseOrigin.choices, required=False, default="")
    brand = serializers.SlugField(required=False, default="")


class CaseOutput(serializers.ModelSerializer):
    """A case; `brand` is null for the ready-made, which are everybody's."""

    brand = serializers.SlugField(source="brand.slug", read_only=True, default=None)
    title = serializers.CharField()
    summary = serializers.CharField()
    organisation = serializers.CharField()

    class Meta:
        model = CaseStudy
        fields: tuple[str, ...] = (
            "slug", "origin", "brand", "title", "summary", "organisation", "kind", "cluster",
            "strategies", "severity", "happened_on", "version",
        )  # fmt: skip
        read_only_fields = fields


class CaseDetailOutput(CaseOutput):
    """The same with its whole content, each text by its language."""

    class Meta(CaseOutput.Meta):
        fields: tuple[str, ...] = (*CaseOutput.Meta.fields, "content")
        read_only_fields = fields


class CasesView(APIView):
    @extend_schema(
        parameters=[CaseFilterInput], responses=CaseOutput(many=True), summary="List cases"
    )
    def get(self, request: Request) -> Response:
        """The library's cases, the latest first."""
        wanted: dict[str, Any] = checked(CaseFilterInput, request.query_params)
        found = studies(caller(request), CaseFilters(**wanted))[:MOST]
        return Response(CaseOutput(found, many=True).data)


class CaseView(APIView):
    @extend_schema(responses=CaseDetailOutput, summary="Read a case")
    def get(self, request: Request, slug: str) -> Response:
        """One case with facts, times and sources."""
        try:
            found = get_study(caller(request), slug)
        except CaseStudy.DoesNotExist:
            raise Http404 from None
        return Response(CaseDetailOutput(found).data)
