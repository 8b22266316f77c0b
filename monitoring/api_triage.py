"""What people do about mentions, saved searches, and work on many, over the API."""

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import User
from accounts.rules import require
from accounts.selectors import get_brand
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now

from . import asked, tasks
from .chart import Course, PostKind, TriageState, Truth
from .enums import JobKind
from .influence import Weight
from .models import Mention
from .models_triage import MentionState, SavedSearch, StreamJob
from .selectors import around, get_mention, handling
from .services import exporting, many, searches, triage
from .services.triage import Place


class TriageOutput(serializers.Serializer):
    """How far a mention is. `version` goes back with a change made from what was seen."""

    state = serializers.ChoiceField(TriageState.choices)
    truth = serializers.CharField(allow_blank=True)
    kind = serializers.CharField(allow_blank=True)
    course = serializers.CharField(allow_blank=True)
    not_about = serializers.BooleanField()
    assignee = serializers.IntegerField(source="assignee_id", allow_null=True)
    note = serializers.CharField(allow_blank=True)
    by = serializers.IntegerField(source="by_id", allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class TriageInput(serializers.Serializer):
    """Either a `state`, or the three answers of the chart, or an `assignee` (null for nobody).

    With a `version` the change is refused (409) where somebody has changed it since.
    """

    state = serializers.ChoiceField(TriageState.choices, required=False)
    truth = serializers.ChoiceField(Truth.choices, required=False)
    kind = serializers.ChoiceField(PostKind.choices, required=False)
    course = serializers.ChoiceField(Course.choices, required=False)
    note = serializers.CharField(required=False, max_length=triage.LONGEST_NOTE)
    assignee = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    version = serializers.IntegerField(required=False, min_value=0)


class InfluenceOutput(serializers.Serializer):
    """How much weight a mention carries: `points` of 100, and what they were made of."""

    points = serializers.IntegerField()
    weight = serializers.ChoiceField(Weight.choices)
    reach = serializers.IntegerField()
    answers = serializers.IntegerField(source="resonance.answers")
    repeaters = serializers.IntegerField(source="resonance.repeaters")
    repeated_reach = serializers.IntegerField(source="resonance.repeated_reach")
    reasons = serializers.ListField(child=serializers.CharField())


class MentionInfluence(APIView):
    """How much weight a mention carries."""

    @extend_schema(responses=InfluenceOutput, summary="How much weight it carries")
    def get(self, request: Request, pk: int) -> Response:
        return Response(InfluenceOutput(around.influence(_mention(request, pk))).data)


class MentionTriage(APIView):
    """How far a mention is, and changing it."""

    @extend_schema(responses=TriageOutput, summary="How far a mention is")
    def get(self, request: Request, pk: int) -> Response:
        found = _mention(request, pk)
        return Response(TriageOutput(handling.state_of(found.pk) or _new(found)).data)

    @extend_schema(request=TriageInput, responses=TriageOutput, summary="Change how far it is")
    def patch(self, request: Request, pk: int) -> Response:
        found = _mention(request, pk)
        user = caller(request)
        require(user, Permission.TRIAGE, found.brand_id)
        given = checked(TriageInput, request.data)
        row = _change(found, given, user)
        return Response(TriageOutput(row).data)


def _new(found: Mention) -> MentionState:
    return MentionState(
        brand_id=found.brand_id, mention_id=found.pk, published_at=found.published_at
    )


def _change(found: Mention, given: dict[str, Any], user: User) -> MentionState:
    place = Place(found.pk, found.brand_id, found.published_at)
    how: dict[str, Any] = {"by": user, "now": database_now(), "seen": given.get("version")}
    if "state" in given:
        return triage.set_state(place, given["state"], **how)
    if "assignee" in given:
        person = User.objects.filter(pk=given["assignee"]).first()
        if given["assignee"] and person is None:
            raise serializers.ValidationError({"assignee": ["There is no such person."]})
        return triage.assign(place, person, **how)
    return triage.decide(place, given, **how)


class SearchOutput(serializers.ModelSerializer):
    """A named view of the stream: `query` is the part of its address behind the "?"."""

    brand = serializers.SlugField(source="brand.slug", read_only=True, allow_null=True)

    class Meta:
        model = SavedSearch
        fields = ("id", "name", "query", "brand", "created_at")
        read_only_fields = fields


class SearchInput(serializers.Serializer):
    """With a `brand` the search is shared with everybody of it."""

    name = serializers.CharField(max_length=60)
    query = serializers.CharField(max_length=2000, allow_blank=True)
    brand = serializers.SlugField(required=False)


@extend_schema_view(
    list=extend_schema(summary="List saved searches"), retrieve=extend_schema(summary="Read one")
)
class SearchViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[SavedSearch]
):
    """The caller's saved searches, and those shared with the caller's brands."""

    serializer_class = SearchOutput
    queryset = SavedSearch.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[SavedSearch]:
        return SavedSearch.objects.visible_to(caller(self.request)).select_related("brand")

    @extend_schema(request=SearchInput, responses={201: SearchOutput}, summary="Save a search")
    def create(self, request: Request) -> Response:
        given = checked(SearchInput, request.data)
        user, wanted = caller(request), given
        brand = get_brand(user, wanted["brand"]).pk if "brand" in wanted else None
        query = _asked(user, wanted["query"]).address(search="").removeprefix("?")
        made = searches.save_search(
            wanted["name"], query, by=user, brand_id=brand, now=database_now()
        )
        return Response(SearchOutput(made).data, HTTP_201_CREATED)

    @extend_schema(responses={204: None}, summary="Delete a saved search")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        searches.delete_search(self.get_object(), by=caller(request))
        return Response(status=HTTP_204_NO_CONTENT)


class JobOutput(serializers.ModelSerializer):
    """Work on many mentions. `file` says whether an export can be fetched."""

    params = serializers.DictField(read_only=True)
    file = serializers.SerializerMethodField()

    class Meta:
        model = StreamJob
        fields = (
            "id", "kind", "params", "query", "state", "total", "done", "skipped", "error", "file",
            "created_at", "finished_at", "undone_at", "expires_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.BOOL)
    def get_file(self, job: StreamJob) -> bool:
        return bool(job.file)


class JobInput(serializers.Serializer):
    """`mentions` for at most 500, done at once; else `query`, an address's filter, by a worker.

    `params` by kind: state {"state"}, assign {"assignee"}, label {"field", "value"},
    link {"incident"}, export {"format": "csv" or "jsonl"} (by `query` only).
    """

    kind = serializers.ChoiceField(JobKind.choices)
    params = serializers.DictField(required=False, default=dict)
    mentions = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=many.MOST_TICKED
    )
    query = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class LatestJob(Keyset):
    ordering = ("-id",)


@extend_schema_view(
    list=extend_schema(summary="List work on many mentions"),
    retrieve=extend_schema(summary="How far it is"),
)
class JobViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[StreamJob]
):
    """What the caller does with many mentions at once."""

    serializer_class = JobOutput
    pagination_class = LatestJob
    queryset = StreamJob.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[StreamJob]:
        return StreamJob.objects.filter(by=caller(self.request))

    @extend_schema(request=JobInput, responses={201: JobOutput, 202: JobOutput}, summary="Begin")
    def create(self, request: Request) -> Response:
        given = checked(JobInput, request.data)
        wanted, user = given, caller(request)
        if wanted.get("mentions") and wanted["kind"] != JobKind.EXPORT:
            job = many.do_now(
                wanted["kind"], wanted["params"], wanted["mentions"], by=user, now=database_now()
            )
            return Response(JobOutput(job).data, HTTP_201_CREATED)
        job = _queued(user, wanted)
        tasks.hand_over_job(job)
        return Response(JobOutput(job).data, HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=JobOutput, summary="Take it back, or stop it")
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str | None = None) -> Response:
        job, now = self.get_object(), database_now()
        if job.state in many.UNFINISHED:
            many.stop(job, by=caller(request), now=now)
        else:
            many.undo(job, by=caller(request), now=now)
        job.refresh_from_db()
        return Response(JobOutput(job).data)

    @extend_schema(responses={200: OpenApiTypes.BINARY}, summary="Fetch the file of an export")
    @action(detail=True)
    def file(self, request: Request, pk: str | None = None) -> HttpResponseBase:
        job = self.get_object()
        user = caller(request)
        still = job.file and all(many.may(user, job.kind, brand) for brand in job.filters["brands"])
        if not still:
            raise Http404
        return FileResponse(
            job.file.open("rb"), content_type=exporting.FORMATS[job.params["format"]]
        )


def _queued(user: User, wanted: dict[str, Any]) -> StreamJob:
    if "query" not in wanted:
        raise serializers.ValidationError({"query": ["Say which mentions."]})
    now, found = database_now(), _asked(user, wanted["query"])
    query = found.address().removeprefix("?")
    if wanted["kind"] == JobKind.EXPORT:
        filters = exporting.frozen(user, found.filters, now=now)
        kind = str(wanted["params"].get("format", "csv"))
        return exporting.begin(user, filters, kind, query=query, now=now)
    return many.start(
        wanted["kind"], wanted["params"], found.filters, query=query, by=user, now=now
    )


def _asked(user: User, query: str) -> asked.Asked:
    return asked.parse(query, brands=user.roles, now=database_now(), me=user.pk)


def _mention(request: Request, pk: int) -> Mention:
    try:
        return get_mention(caller(request), pk)
    except Mention.DoesNotExist:
        raise Http404 from None
