"""Sources, mentions and detections over the API."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import get_brand
from connectors.models import ConnectedAccount
from connectors.selectors import usable
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now
from core.errors import Refused

from . import reasons, selectors
from .chart import TriageState
from .enums import About, Blame, Condition, CrisisType, Emotion, Sentiment, SourceKind
from .models import Detection, Mention, Source
from .packing import micros, moment
from .selectors import Cursor, Filters, stream
from .selectors import sources as source_selectors
from .services import sources as source_services
from .services.showing import note as note_shown


class SourceOutput(serializers.ModelSerializer):
    """A source. `hook` is where a webhook's sender posts to."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)
    hook = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields: tuple[str, ...] = (
            "id", "brand", "kind", "name", "is_active", "poll_every", "hook", "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(OpenApiTypes.URI)
    def get_hook(self, source: Source) -> str | None:
        if source.kind != SourceKind.WEBHOOK:
            return None
        return settings.PUBLIC_URL + reverse("monitoring:webhook", args=[source.public_id])


class SourceInput(serializers.Serializer):
    """What it takes to make a source.

    `kind` is "webhook", "file" or a network that can be read; `settings` are the fields that it
    declares, as its form shows them ({"url": …} for a feed); `account` is a connected account's id.
    """

    brand = serializers.SlugField()
    kind = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=120)
    account = serializers.IntegerField(required=False, allow_null=True, default=None)
    settings = serializers.DictField(required=False, default=dict)
    network = serializers.CharField(required=False, default="", max_length=40, allow_blank=True)
    match = serializers.BooleanField(required=False, default=False)


class NewSourceOutput(SourceOutput):
    """The source that was made; a webhook's `secret` is told here and never again."""

    secret = serializers.CharField(read_only=True, allow_blank=True)

    class Meta(SourceOutput.Meta):
        fields = (*SourceOutput.Meta.fields, "secret")
        read_only_fields = fields


class HealthOutput(serializers.Serializer):
    """How a source is doing; `error` says what to do."""

    condition = serializers.ChoiceField(Condition.choices)
    lag = serializers.FloatField(allow_null=True, help_text="Seconds.")
    quota_left = serializers.IntegerField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    succeeded_at = serializers.DateTimeField(allow_null=True)
    mention_at = serializers.DateTimeField(allow_null=True)
    next_poll_at = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)
    error_at = serializers.DateTimeField(allow_null=True)


@extend_schema_view(
    list=extend_schema(summary="List sources"), retrieve=extend_schema(summary="Read a source")
)
class SourceViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Source]
):
    """Where the mentions of the caller's brands come from."""

    serializer_class = SourceOutput
    queryset = Source.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Source]:
        return source_selectors.sources(caller(self.request))

    @extend_schema(request=SourceInput, responses={201: NewSourceOutput}, summary="Make a source")
    def create(self, request: Request) -> Response:
        wanted = checked(SourceInput, request.data)
        user = caller(request)
        brand = get_brand(user, wanted.pop("brand"))
        if not allowed(user, Permission.MANAGE_BRAND, brand):
            raise PermissionDenied
        kind, name = wanted.pop("kind"), wanted.pop("name")
        account = _account(brand.pk, kind, wanted.pop("account"))
        settings = wanted.pop("settings")
        made = source_services.create_source(
            brand,
            kind=kind,
            name=name,
            config=source_services.configure(kind, settings, **wanted),
            account=account,
            by=user,
            now=database_now(),
        )
        body = {**SourceOutput(made.source).data, "secret": made.secret}
        return Response(body, HTTP_201_CREATED)

    @extend_schema(responses=HealthOutput, summary="How a source is doing")
    @action(detail=True)
    def health(self, request: Request, pk: str | None = None) -> Response:
        found = source_selectors.health(self.get_object(), now=database_now())
        return Response(HealthOutput(found).data)


def _account(brand_id: int, kind: str, pk: int | None) -> ConnectedAccount | None:
    """Return the brand's account of that id on the network; refuse any other."""
    if pk is None:
        return None
    found = usable(brand_id, kind).filter(pk=pk).first()
    if found is None:
        raise Refused(gettext("This brand has no such account on that network."))
    return found


class MentionOutput(serializers.ModelSerializer):
    """Something somebody said. `sentiment` is a person's correction where there is one.

    What was taken away by its author or network has `gone_at`, and no words.
    """

    sentiment = serializers.SerializerMethodField()
    corrected = serializers.SerializerMethodField()

    class Meta:
        model = Mention
        fields = (
            "id", "brand_id", "source_id", "external_id", "network", "author", "title", "text",
            "url", "lang", "published_at", "received_at", "edited_at", "gone_at", "reach",
            "sentiment", "corrected", "sentiment_score", "confidence", "crisis_type",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(Sentiment.choices))
    def get_sentiment(self, mention: Mention) -> str:
        return mention.corrected_sentiment or mention.sentiment

    def get_corrected(self, mention: Mention) -> bool:
        return bool(mention.corrected_sentiment)


class MentionFilters(serializers.Serializer):
    """Which mentions are wanted. `since` is inclusive, `until` exclusive."""

    brand = serializers.SlugField(required=False)
    network = serializers.CharField(required=False, max_length=40)
    lang = serializers.CharField(required=False, max_length=8)
    sentiment = serializers.ChoiceField(Sentiment.choices, required=False)
    crisis_type = serializers.ChoiceField(CrisisType.choices, required=False)
    emotion = serializers.ChoiceField(Emotion.choices, required=False)
    blame = serializers.ChoiceField(Blame.choices, required=False)
    about = serializers.ChoiceField(About.choices, required=False)
    state = serializers.ChoiceField(TriageState.choices, required=False)
    question = serializers.BooleanField(required=False)
    words = serializers.CharField(required=False, max_length=200)
    min_reach = serializers.IntegerField(required=False, min_value=0, max_value=10**12)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    cursor = serializers.RegexField(r"^\d{1,16}-\d{1,18}$", required=False)


class MentionPage(serializers.Serializer):
    """`next` is the address of the page after this one, null on the last."""

    next = serializers.URLField(allow_null=True)
    results = MentionOutput(many=True)


class MentionViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[Mention]):
    """What was said about the caller's brands. New mentions come in by a source, not here."""

    serializer_class = MentionOutput
    queryset = Mention.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Mention]:
        return Mention.objects.visible_to(caller(self.request))

    @extend_schema(summary="Read a mention")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        try:
            found = selectors.get_mention(caller(request), int(kwargs["pk"]))
        except Mention.DoesNotExist:
            raise Http404 from None
        note_shown([found], now=database_now())
        return Response(MentionOutput(found).data)

    @extend_schema(
        parameters=[MentionFilters], responses=MentionPage, summary="List mentions, newest first"
    )
    def list(self, request: Request) -> Response:
        asked = checked(MentionFilters, request.query_params)
        user, given = caller(request), asked
        page = stream(user, _filters(user, given), _place(given.get("cursor")))
        found = selectors.whole(user, page.posts)
        note_shown(found, now=database_now())
        body = {"next": _next(request, page.older), "results": MentionOutput(found, many=True).data}
        return Response(body)


def _filters(user: User, given: dict[str, Any]) -> Filters:
    def several(name: str) -> list[str]:
        return [given[name]] if name in given else []

    return Filters(
        brands=[get_brand(user, given["brand"]).pk] if "brand" in given else (),
        networks=several("network"),
        sentiments=several("sentiment"),
        crisis_types=several("crisis_type"),
        languages=several("lang"),
        words=given.get("words", ""),
        reach=given.get("min_reach", 0),
        since=given.get("since"),
        until=given.get("until"),
        about=(given["about"],) if "about" in given else (About.BRAND,),
        emotions=several("emotion"),
        blames=several("blame"),
        states=several("state"),
        question=given.get("question", False),
        # A program wants each of them.
        fold=False,
    )


def _place(cursor: str | None) -> Cursor | None:
    """Read a cursor: microseconds and id of the last mention of the page before."""
    if cursor is None:
        return None
    value, pk = cursor.split("-")
    return Cursor(moment(int(value)), int(pk))


def _next(request: Request, older: Cursor | None) -> str | None:
    if older is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = f"{micros(older.value)}-{older.id}"
    return request.build_absolute_uri(f"?{query.urlencode()}")


class DetectionOutput(serializers.ModelSerializer):
    """Something out of the ordinary, with its reasons in the caller's language and as figures."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)
    headline = serializers.SerializerMethodField()
    summary = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()
    forecast = serializers.DictField(read_only=True)
    reasons = serializers.ListField(child=serializers.DictField(), read_only=True)
    samples = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta:
        model = Detection
        fields = (
            "id", "brand", "kind", "started_at", "detected_at", "headline", "summary",
            "words", "value",
            "expected_low", "expected_high", "score", "negative_share", "reach", "crisis_type",
            "reasons", "samples", "group", "rule", "forecast", "handled_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_headline(self, detection: Detection) -> str:
        return reasons.headline(detection)

    def get_summary(self, detection: Detection) -> str:
        return reasons.summary(detection)

    def get_words(self, detection: Detection) -> list[str]:
        return reasons.sentences(detection)


class LatestDetected(Keyset):
    ordering = ("-detected_at", "-id")


@extend_schema_view(
    list=extend_schema(summary="List detections, newest first"),
    retrieve=extend_schema(summary="Read a detection"),
)
class DetectionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Detection]
):
    """What was out of the ordinary for the caller's brands, and why it is thought so."""

    serializer_class = DetectionOutput
    pagination_class = LatestDetected
    queryset = Detection.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Detection]:
        return Detection.objects.visible_to(caller(self.request)).select_related("brand")
