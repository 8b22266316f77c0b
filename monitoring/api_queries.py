"""Queries, what they would find, and trends over the API."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import Brand
from accounts.rules import allowed
from accounts.selectors import get_brand
from core.api.checked import checked
from core.clock import database_now

from . import trends as compare
from .enums import QueryKind, WatchList
from .models import Query
from .queries.parsing import MAX_LENGTH, parse
from .selectors import preview
from .services import queries as services
from .services.queries import Wanted


class QueryOutput(serializers.ModelSerializer):
    """What a brand listens for. `watched` is what a watch list holds."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)

    class Meta:
        model = Query
        fields = (
            "id", "brand", "name", "kind", "watched", "expression", "is_active", "created_at",
            "changed_at",
        )  # fmt: skip
        read_only_fields = fields


class QueryChange(serializers.Serializer):
    """What of a query is to be changed."""

    name = serializers.CharField(max_length=120, required=False)
    kind = serializers.ChoiceField(QueryKind.choices, required=False)
    watched = serializers.ChoiceField(WatchList.choices, required=False, allow_blank=True)
    expression = serializers.CharField(max_length=MAX_LENGTH, required=False)
    is_active = serializers.BooleanField(required=False)


_CHANGEABLE = ("name", "kind", "watched", "expression", "is_active")


class QueryInput(QueryChange):
    """What it takes to make a query."""

    brand = serializers.SlugField()
    name = serializers.CharField(max_length=120)
    expression = serializers.CharField(max_length=MAX_LENGTH)


class CheckInput(serializers.Serializer):
    brand = serializers.SlugField()
    expression = serializers.CharField(
        max_length=MAX_LENGTH, allow_blank=True, trim_whitespace=False
    )


class ProblemOutput(serializers.Serializer):
    """Something about the characters from `start` to before `end`."""

    code = serializers.CharField()
    text = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()


class ExampleOutput(serializers.Serializer):
    id = serializers.IntegerField()
    published_at = serializers.DateTimeField()
    title = serializers.CharField()
    text = serializers.CharField()
    author = serializers.CharField()
    lang = serializers.CharField()
    network = serializers.CharField()


class AnswerOutput(serializers.Serializer):
    """What would have been found in 30 days: `estimate`, between `low` and `high` (95 %).

    `looked` mentions were looked at of about `total`; all of them where it `is_exact`.
    """

    found = serializers.IntegerField()
    looked = serializers.IntegerField()
    estimate = serializers.IntegerField()
    low = serializers.IntegerField()
    high = serializers.IntegerField()
    total = serializers.IntegerField()
    is_exact = serializers.BooleanField()
    examples = ExampleOutput(many=True)


class CheckOutput(serializers.Serializer):
    """`answer` is null where there are problems. Notes are allowed, and perhaps not meant."""

    problems = ProblemOutput(many=True)
    notes = ProblemOutput(many=True)
    answer = AnswerOutput(allow_null=True)


@extend_schema_view(
    list=extend_schema(summary="List queries"), retrieve=extend_schema(summary="Read a query")
)
class QueryViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Query]
):
    """What the caller's brands listen for."""

    serializer_class = QueryOutput
    queryset = Query.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Query]:
        found: QuerySet[Query] = Query.objects.visible_to(caller(self.request))
        return found.select_related("brand").order_by("pk")

    @extend_schema(request=QueryInput, responses={201: QueryOutput}, summary="Make a query")
    def create(self, request: Request) -> Response:
        given = checked(QueryInput, request.data)
        values: dict[str, Any] = {"kind": QueryKind.BRAND.value, **given}
        brand = _managed(request, values.pop("brand"))
        made = services.create_query(brand, Wanted(**values), by=caller(request))
        return Response(QueryOutput(made).data, HTTP_201_CREATED)

    @extend_schema(request=QueryChange, responses=QueryOutput, summary="Change a query")
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        query = self._mine(request)
        given = checked(QueryChange, request.data)
        now = {name: getattr(query, name) for name in _CHANGEABLE}
        changed = services.update_query(query, Wanted(**{**now, **given}), by=caller(request))
        return Response(QueryOutput(changed).data)

    @extend_schema(responses={204: None}, summary="Delete a query with its counts")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        services.delete_query(self._mine(request), by=caller(request))
        return Response(status=HTTP_204_NO_CONTENT)

    @extend_schema(
        request=CheckInput, responses=CheckOutput, summary="Try an expression on the last 30 days"
    )
    @action(detail=False, methods=["post"])
    def check(self, request: Request) -> Response:
        given = checked(CheckInput, request.data)
        brand = _managed(request, given["brand"])
        parsed = parse(given["expression"])
        answer = None
        if parsed.tree is not None:
            answer = preview.first_answer(brand.pk, parsed.tree, now=database_now())
        found = {"problems": parsed.problems, "notes": parsed.notes, "answer": answer}
        return Response(CheckOutput(found).data)

    def _mine(self, request: Request) -> Query:
        """Return the query to somebody who may change it."""
        query: Query = self.get_object()
        if not allowed(caller(request), Permission.MANAGE_BRAND, query.brand_id):
            raise PermissionDenied
        return query


class TrendsFilter(serializers.Serializer):
    brand = serializers.SlugField()
    days = serializers.ChoiceField(compare.PERIODS, required=False, default=30)


class LineOutput(serializers.Serializer):
    """`totals` are mentions per day, `before` those of as many days before.

    `query` is null for the brand itself; `share` is its share of voice, 0 to 1.
    """

    query = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    total = serializers.IntegerField(source="series.total")
    totals = serializers.ListField(source="series.totals", child=serializers.IntegerField())
    before = serializers.IntegerField()
    share = serializers.FloatField()


class TrendsOutput(serializers.Serializer):
    """The brand and its competitors, and the topics. `days` are the brand's own, oldest first."""

    days = serializers.ListField(source="period.days", child=serializers.DateField())
    voices = LineOutput(many=True)
    topics = LineOutput(many=True)


class TrendsViewSet(viewsets.ViewSet):
    """Share of voice, and the topics of the industry, from counts."""

    @extend_schema(parameters=[TrendsFilter], responses=TrendsOutput, summary="Read trends")
    def list(self, request: Request) -> Response:
        asked = checked(TrendsFilter, request.query_params)
        user = caller(request)
        brand = get_brand(user, asked["brand"])
        days = int(asked["days"])
        found = compare.trends(user, brand, days=days, now=database_now())
        return Response(TrendsOutput(found).data)


def _managed(request: Request, slug: str) -> Brand:
    brand = get_brand(caller(request), slug)
    if not allowed(caller(request), Permission.MANAGE_BRAND, brand):
        raise PermissionDenied
    return brand
