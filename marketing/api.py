"""The calendar and the pause over the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import caller
from accounts.models import Brand
from accounts.selectors import visible_brands
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now
from core.errors import Refused
from incidents.models import Incident

from . import problems, selectors, services, showing
from .enums import CalendarKind, Origin, PostState
from .models import ChecklistItem, Pause, ScheduledPost


class ScheduledPostOutput(serializers.ModelSerializer):
    """An entry of the calendar. With `account` this desk sends it; else another tool does."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)
    author = serializers.EmailField(source="author.email", read_only=True, default=None)
    problem = serializers.SerializerMethodField()

    class Meta:
        model = ScheduledPost
        fields = (
            "id", "brand", "kind", "origin", "state", "hold", "title", "text", "account", "network",
            "campaign", "country", "tags", "at", "ends_at", "is_exempt", "is_kept", "pause",
            "author", "sent_at", "url", "problem", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_problem(self, post: ScheduledPost) -> str:
        return problems.words(post.error) if post.error else ""


class ScheduledPostInput(serializers.Serializer):
    """What is to be in the calendar; without `account` it is only shown."""

    brand = serializers.SlugField()
    text = serializers.CharField(max_length=20_000, trim_whitespace=False)
    at = serializers.DateTimeField()
    account = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    kind = serializers.ChoiceField(CalendarKind.choices, default=CalendarKind.POST)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    network = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    campaign = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    country = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=20, default=list
    )
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    is_exempt = serializers.BooleanField(default=False)


class ScheduledPostChange(serializers.Serializer):
    """What is changed of what has not gone out."""

    text = serializers.CharField(max_length=20_000, trim_whitespace=False, required=False)
    at = serializers.DateTimeField(required=False)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    campaign = serializers.CharField(max_length=120, required=False, allow_blank=True)
    country = serializers.CharField(max_length=60, required=False, allow_blank=True)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=20, required=False
    )


class CalendarFilters(serializers.Serializer):
    """Which entries are wanted: of a brand, a state, from a time to before another."""

    brand = serializers.SlugField(required=False)
    state = serializers.ChoiceField(PostState.choices, required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class KeepInput(serializers.Serializer):
    """When it goes on, else at the first free time; and with which words, if others."""

    at = serializers.DateTimeField(required=False)
    text = serializers.CharField(max_length=20_000, trim_whitespace=False, required=False)


class SettlePostInput(serializers.Serializer):
    """What somebody who looked found."""

    outcome = serializers.ChoiceField(["sent", "failed"])
    url = serializers.URLField(max_length=2000, required=False, allow_blank=True, default="")


class ExemptInput(serializers.Serializer):
    """Whether a pause leaves it alone."""

    is_exempt = serializers.BooleanField()


class MarkOutput(serializers.Serializer):
    """A place of a post that may read badly: characters of title, line break and text."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    kind = serializers.CharField(help_text="term, type or image")
    words = serializers.CharField()
    why = serializers.CharField()


class ChecklistOutput(serializers.ModelSerializer):
    """Something that has to be stopped by hand."""

    done_by = serializers.EmailField(source="done_by.email", read_only=True, default=None)

    class Meta:
        model = ChecklistItem
        fields = ("id", "chore", "post", "account", "network", "done_at", "done_by")
        read_only_fields = fields


class PauseOutput(serializers.ModelSerializer):
    """A pause. Empty `networks` and `countries` mean all of them."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)
    incident = serializers.SerializerMethodField()
    owner = serializers.EmailField(source="owner.email", read_only=True, default=None)
    started_by = serializers.EmailField(source="started_by.email", read_only=True, default=None)
    ended_by = serializers.EmailField(source="ended_by.email", read_only=True, default=None)

    class Meta:
        model = Pause
        fields = (
            "id", "brand", "incident", "networks", "countries", "exempt_tags", "reason",
            "started_at", "started_by", "owner", "planned_end", "gap", "held", "ended_at",
            "ended_by",
        )  # fmt: skip
        read_only_fields = fields

    def get_incident(self, pause: Pause) -> str | None:
        """The reference, for who may see the incident."""
        user = caller(self.context["request"])
        seen = Incident.objects.visible_to(user).filter(pk=pause.incident_id)
        return seen.values_list("reference", flat=True).first() if pause.incident_id else None


class PauseInput(serializers.Serializer):
    """What is paused, why and until about when. `incident` is a reference of the brand's."""

    brand = serializers.SlugField()
    reason = serializers.CharField(max_length=300)
    incident = serializers.CharField(max_length=16, required=False)
    networks = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=40, default=list
    )
    countries = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=60, default=list
    )
    exempt_tags = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=20, default=list
    )
    planned_end = serializers.DateTimeField(required=False, allow_null=True, default=None)
    gap = serializers.IntegerField(min_value=0, max_value=1440, default=30)


class PlannedEndInput(serializers.Serializer):
    """When the pause is expected to be over; null for not known."""

    planned_end = serializers.DateTimeField(allow_null=True)


class TickInput(serializers.Serializer):
    """Which item of the checklist, and whether it is done."""

    item = serializers.IntegerField(min_value=1)
    done = serializers.BooleanField()


class PauseFilters(serializers.Serializer):
    """Which pauses are wanted."""

    brand = serializers.SlugField(required=False)
    running = serializers.BooleanField(required=False, default=None, allow_null=True)


def _brand(request: Request, slug: str) -> Brand:
    found = visible_brands(caller(request)).filter(slug=slug).first()
    if found is None:
        raise Refused(_("There is no such brand."))
    return found


@extend_schema_view(
    list=extend_schema(parameters=[CalendarFilters], summary="List the marketing calendar"),
    retrieve=extend_schema(summary="Read an entry of the calendar"),
)
class ScheduledPostViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ScheduledPost]
):
    """The marketing calendar of the caller's brands."""

    serializer_class = ScheduledPostOutput
    queryset = ScheduledPost.objects.none()
    pagination_class = Keyset
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ScheduledPost]:
        user = caller(self.request)
        rows: QuerySet[ScheduledPost] = ScheduledPost.objects.visible_to(user)
        rows = rows.select_related("brand", "account", "author")
        if self.action != "list":
            return rows
        wanted = checked(CalendarFilters, self.request.query_params)
        names = {"brand": "brand__slug", "state": "state", "since": "at__gte", "until": "at__lt"}
        return rows.filter(**{names[name]: value for name, value in wanted.items()})

    def _shown(self, post: ScheduledPost, code: int = status.HTTP_200_OK) -> Response:
        fresh = ScheduledPost.objects.select_related("brand", "account", "author").get(pk=post.pk)
        return Response(ScheduledPostOutput(fresh).data, code)

    @extend_schema(
        request=ScheduledPostInput, responses={201: ScheduledPostOutput}, summary="Plan a post"
    )
    def create(self, request: Request) -> Response:
        """Held at once where a pause covers it."""
        wanted = checked(ScheduledPostInput, request.data)
        brand = _brand(request, wanted.pop("brand"))
        planned = services.Planned(account_id=wanted.pop("account", None), **wanted)
        made = services.plan(
            brand, planned, by=caller(request), now=database_now(), origin=Origin.API
        )
        return self._shown(made, status.HTTP_201_CREATED)

    @extend_schema(
        request=ScheduledPostChange, responses=ScheduledPostOutput, summary="Change a post"
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        post = self.get_object()
        wanted = checked(ScheduledPostChange, request.data)
        return self._shown(
            services.change(post.pk, by=caller(request), now=database_now(), **wanted)
        )

    @extend_schema(request=None, responses=ScheduledPostOutput, summary="Drop a post for good")
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, pk: str) -> Response:
        post = self.get_object()
        drop = services.let_drop if post.state == PostState.HELD else services.drop
        return self._shown(drop(post.pk, by=caller(request), now=database_now()))

    @extend_schema(request=KeepInput, responses=ScheduledPostOutput, summary="Keep a held post")
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, pk: str) -> Response:
        """While the pause runs the decision is noted; when it ends the post is planned again."""
        post = self.get_object()
        wanted = checked(KeepInput, request.data)
        return self._shown(services.keep(post.pk, by=caller(request), now=database_now(), **wanted))

    @extend_schema(request=ExemptInput, responses=ScheduledPostOutput, summary="Exempt a post")
    @action(detail=True, methods=["post"])
    def exempt(self, request: Request, pk: str) -> Response:
        post = self.get_object()
        wanted = checked(ExemptInput, request.data)["is_exempt"]
        return self._shown(services.exempt(post.pk, wanted, by=caller(request), now=database_now()))

    @extend_schema(
        request=SettlePostInput, responses=ScheduledPostOutput, summary="Say what became of it"
    )
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        post = self.get_object()
        wanted = checked(SettlePostInput, request.data)
        return self._shown(
            services.settle(
                post.pk, wanted["outcome"], by=caller(request), url=wanted["url"],
                now=database_now(),
            )
        )  # fmt: skip

    @extend_schema(responses=MarkOutput(many=True), summary="What may read badly in the crisis")
    @action(detail=True, methods=["get"], pagination_class=None)
    def marks(self, request: Request, pk: str) -> Response:
        post = self.get_object()
        found = selectors.marks([post], caller(request)).get(post.pk, [])
        rows: list[dict[str, Any]] = [
            {"start": each.start, "end": each.end, "kind": each.kind, "words": each.words,
             "why": showing.why(each)}
            for each in found
        ]  # fmt: skip
        return Response(MarkOutput(rows, many=True).data)


@extend_schema_view(
    list=extend_schema(parameters=[PauseFilters], summary="List pauses of marketing"),
    retrieve=extend_schema(summary="Read a pause"),
)
class PauseViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Pause]
):
    """Pauses of marketing of the caller's brands."""

    serializer_class = PauseOutput
    queryset = Pause.objects.none()
    pagination_class = Keyset
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Pause]:
        rows = selectors.pauses(caller(self.request))
        if self.action != "list":
            return rows
        wanted = checked(PauseFilters, self.request.query_params)
        if "brand" in wanted:
            rows = rows.filter(brand__slug=wanted["brand"])
        running = wanted["running"]
        return rows if running is None else rows.filter(ended_at__isnull=running)

    def _shown(self, pause: Pause, code: int = status.HTTP_200_OK) -> Response:
        fresh = selectors.pauses(caller(self.request)).get(pk=pause.pk)
        return Response(PauseOutput(fresh, context=self.get_serializer_context()).data, code)

    @extend_schema(request=PauseInput, responses={201: PauseOutput}, summary="Pause marketing")
    def create(self, request: Request) -> Response:
        """After the answer no call for a covered post begins. 409 if the same is paused already."""
        wanted = checked(PauseInput, request.data)
        brand = _brand(request, wanted["brand"])
        names = ("networks", "countries", "exempt_tags")
        made = services.press(
            brand,
            services.Terms(wanted["reason"], wanted["planned_end"], wanted["gap"]),
            by=caller(request),
            now=database_now(),
            scope=services.Scope(**{name: wanted[name] for name in names}),
            incident=self._incident(request, brand, wanted.get("incident", "")),
        )
        return self._shown(made, status.HTTP_201_CREATED)

    def _incident(self, request: Request, brand: Brand, reference: str) -> Incident | None:
        if not reference:
            return None
        rows = Incident.objects.visible_to(caller(request)).filter(brand=brand)
        found: Incident | None = rows.filter(reference=reference).first()
        if found is None:
            raise Refused(_("There is no such incident."))
        return found

    @extend_schema(request=None, responses=PauseOutput, summary="Let marketing go on")
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """What was kept is planned again; what nobody decided about stays held."""
        pause = self.get_object()
        return self._shown(services.end(pause.pk, by=caller(request), now=database_now()))

    @extend_schema(request=None, responses=PauseOutput, summary="Become who decides")
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str) -> Response:
        pause = self.get_object()
        return self._shown(services.take_over(pause.pk, by=caller(request), now=database_now()))

    @extend_schema(request=PlannedEndInput, responses=PauseOutput, summary="Change the planned end")
    @action(detail=True, methods=["post"], url_path="planned-end")
    def planned_end(self, request: Request, pk: str) -> Response:
        pause = self.get_object()
        wanted = checked(PlannedEndInput, request.data)["planned_end"]
        return self._shown(
            services.prolong(pause.pk, wanted, by=caller(request), now=database_now())
        )

    @extend_schema(responses=ChecklistOutput(many=True), summary="What is stopped by hand")
    @action(detail=True, methods=["get"], pagination_class=None)
    def checklist(self, request: Request, pk: str) -> Response:
        pause = self.get_object()
        return Response(ChecklistOutput(selectors.chores(pause), many=True).data)

    @extend_schema(
        request=TickInput, responses=ChecklistOutput, summary="Tick off what was stopped"
    )
    @action(detail=True, methods=["post"])
    def tick(self, request: Request, pk: str) -> Response:
        pause = self.get_object()
        wanted = checked(TickInput, request.data)
        if not pause.checklist.filter(pk=wanted["item"]).exists():
            raise Refused(_("There is no such item."))
        item = services.tick(wanted["item"], wanted["done"], by=caller(request), now=database_now())
        return Response(ChecklistOutput(item).data)
