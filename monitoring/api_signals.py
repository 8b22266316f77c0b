"""Signals over the API: votes, rules and their rehearsal, the calendar, themes, the forecast."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from accounts.rules import require
from accounts.selectors import get_brand
from core.api.checked import checked
from core.clock import database_now
from core.errors import Refused

from . import forecasting
from .enums import CrisisType, DetectionKind, Occasion, Opinion, Sensitivity
from .models import Detection
from .models_signals import DetectionRule, ExpectedPeak, Rehearsal, Theme
from .rules import WINDOWS
from .selectors import signals as selectors
from .services import detecting, rehearsals
from .services import signals as services


class VoteInput(serializers.Serializer):
    """What the caller makes of a signal; an empty opinion takes the vote back."""

    opinion = serializers.ChoiceField(Opinion.choices, allow_blank=True)
    why = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class PrecisionOutput(serializers.Serializer):
    """How precise the signal's rule has been by the votes, with bounds that hold four in five."""

    real = serializers.IntegerField()
    noise = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class DetectionVote(APIView):
    """Votes on signals."""

    @extend_schema(request=VoteInput, responses=PrecisionOutput, summary="Vote on a signal")
    def post(self, request: Request, pk: int) -> Response:
        user = caller(request)
        signal: Detection = get_object_or_404(Detection.objects.visible_to(user), pk=pk)
        require(user, Permission.TRIAGE, signal.brand_id)
        given = checked(VoteInput, request.data)
        services.vote(signal, **given, by=user, now=database_now())
        return Response(PrecisionOutput(selectors.precision_of(signal)).data)


class ForecastOutput(serializers.Serializer):
    """Mentions an hour now, usually at this time, and every ten minutes ahead."""

    made_at = serializers.DateTimeField()
    rate = serializers.FloatField()
    usual = serializers.FloatField()
    storm = serializers.BooleanField()
    ahead = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="Rows of minutes, middle, low, high; four times in five it stays within.",
    )
    words = serializers.ListField(child=serializers.CharField())


class BrandForecast(APIView):
    """Where the volume of a brand is going."""

    @extend_schema(responses=ForecastOutput, summary="Forecast a brand's volume")
    def get(self, request: Request, slug: str) -> Response:
        now = database_now()
        outlook = forecasting.of_brand(get_brand(caller(request), slug).pk, now)
        if outlook is None:
            raise Refused(_("Less than an hour is known of this brand."))
        words = forecasting.sentences(outlook, now=now)
        body = {**outlook.forecast.state(), "made_at": outlook.made_at, "words": words}
        return Response(ForecastOutput(body).data)


class DetectionRuleOutput(serializers.ModelSerializer):
    """A rule; without a name it stands in the place of its kind's standard rule."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)

    class Meta:
        model = DetectionRule
        fields = (
            "id", "brand", "kind", "name", "sensitivity", "window_minutes", "cooldown_hours",
            "queries", "networks", "languages", "crisis_types", "is_active", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class DetectionRuleInput(serializers.Serializer):
    """What a rule is made of. Only volume and reach have a window, only some kinds limits."""

    brand = serializers.SlugField()
    kind = serializers.ChoiceField(DetectionKind.choices)
    name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    sensitivity = serializers.ChoiceField(
        Sensitivity.choices, required=False, default=Sensitivity.BALANCED
    )
    window_minutes = serializers.ChoiceField(WINDOWS, required=False, allow_null=True, default=None)
    cooldown_hours = serializers.IntegerField(required=False, default=24)
    queries = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=100
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, default=list, max_length=50
    )
    languages = serializers.ListField(
        child=serializers.CharField(max_length=8), required=False, default=list, max_length=50
    )
    crisis_types = serializers.ListField(
        child=serializers.ChoiceField(CrisisType.choices), required=False, default=list
    )
    is_active = serializers.BooleanField(required=False, default=True)


@extend_schema_view(
    list=extend_schema(summary="List detection rules"), retrieve=extend_schema(summary="Read one")
)
class DetectionRuleViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[DetectionRule]
):
    """The rules that people made or changed; the standard ones stand without a row."""

    serializer_class = DetectionRuleOutput
    queryset = DetectionRule.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[DetectionRule]:
        found = DetectionRule.objects.visible_to(caller(self.request))
        return found.select_related("brand").order_by("pk")

    @extend_schema(
        request=DetectionRuleInput,
        responses={201: DetectionRuleOutput},
        summary="Make a detection rule",
    )
    def create(self, request: Request) -> Response:
        return Response(DetectionRuleOutput(self._save(request, None)).data, HTTP_201_CREATED)

    @extend_schema(
        request=DetectionRuleInput, responses=DetectionRuleOutput, summary="Change a detection rule"
    )
    def update(self, request: Request, pk: str | None = None) -> Response:
        return Response(DetectionRuleOutput(self._save(request, self.get_object())).data)

    def _save(self, request: Request, row: DetectionRule | None) -> DetectionRule:
        wanted = checked(DetectionRuleInput, request.data)
        user = caller(request)
        brand = get_brand(user, wanted.pop("brand"))
        require(user, Permission.MANAGE_BRAND, row.brand_id if row else brand)
        if row is not None and row.brand_id != brand.pk:
            raise Refused(_("A rule stays with its brand."))
        rule = detecting.Wanted(**wanted)
        return detecting.save_rule(brand, rule, row=row, by=user, now=database_now())

    @extend_schema(responses={204: None}, summary="Delete a detection rule")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        rule = self.get_object()
        user = caller(request)
        require(user, Permission.MANAGE_BRAND, rule.brand_id)
        detecting.delete_rule(rule, by=user)
        return Response(status=HTTP_204_NO_CONTENT)


class RehearsalOutput(serializers.ModelSerializer):
    """A rehearsal; `result` is empty until it is done."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)
    tried = serializers.DictField(read_only=True)
    result = serializers.DictField(read_only=True)

    class Meta:
        model = Rehearsal
        fields = (
            "id", "brand", "rule", "tried", "since", "until", "onset", "state", "progress",
            "result", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class RehearsalInput(serializers.Serializer):
    """A saved `rule`, or the standard one of `kind`, over the brand's last ninety days."""

    brand = serializers.SlugField()
    kind = serializers.ChoiceField(DetectionKind.choices)
    rule = serializers.IntegerField(required=False, allow_null=True, default=None)
    sensitivity = serializers.ChoiceField(
        Sensitivity.choices, required=False, default=Sensitivity.BALANCED
    )


@extend_schema_view(
    list=extend_schema(summary="List rehearsals"), retrieve=extend_schema(summary="Read one")
)
class RehearsalViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Rehearsal]
):
    """What rules would have called."""

    serializer_class = RehearsalOutput
    queryset = Rehearsal.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Rehearsal]:
        found = Rehearsal.objects.visible_to(caller(self.request))
        return found.select_related("brand").order_by("pk")

    @extend_schema(
        request=RehearsalInput, responses={201: RehearsalOutput}, summary="Rehearse a rule"
    )
    def create(self, request: Request) -> Response:
        wanted = checked(RehearsalInput, request.data)
        user = caller(request)
        brand = get_brand(user, wanted["brand"])
        require(user, Permission.MANAGE_BRAND, brand)
        tried = rehearsals.Tried(DetectionKind(wanted["kind"]), Sensitivity(wanted["sensitivity"]))
        if wanted["rule"]:
            rule: DetectionRule = get_object_or_404(
                DetectionRule.objects.filter(brand=brand), pk=wanted["rule"]
            )
            tried = rehearsals.Tried.of_rule(rule)
        made = rehearsals.rehearse(brand, tried, by=user, now=database_now())
        return Response(RehearsalOutput(made).data, HTTP_201_CREATED)


class PeakOutput(serializers.ModelSerializer):
    """An expected peak: within it an alarm for volume needs `factor` times as much."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)

    class Meta:
        model = ExpectedPeak
        fields = ("id", "brand", "title", "occasion", "starts_at", "ends_at", "factor")
        read_only_fields = fields


class PeakInput(serializers.Serializer):
    brand = serializers.SlugField()
    title = serializers.CharField(max_length=120)
    occasion = serializers.ChoiceField(Occasion.choices, required=False, default=Occasion.OTHER)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    factor = serializers.FloatField(required=False, default=5)


@extend_schema_view(
    list=extend_schema(summary="List expected peaks"), retrieve=extend_schema(summary="Read one")
)
class ExpectedPeakViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ExpectedPeak]
):
    """The calendar of the caller's brands."""

    serializer_class = PeakOutput
    queryset = ExpectedPeak.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[ExpectedPeak]:
        return selectors.expected_peaks(caller(self.request))

    @extend_schema(request=PeakInput, responses={201: PeakOutput}, summary="Expect a peak")
    def create(self, request: Request) -> Response:
        wanted = checked(PeakInput, request.data)
        user = caller(request)
        brand = get_brand(user, wanted.pop("brand"))
        require(user, Permission.MANAGE_BRAND, brand)
        made = services.expect_peak(brand, **wanted, by=user)
        return Response(PeakOutput(made).data, HTTP_201_CREATED)

    @extend_schema(responses={204: None}, summary="Take a peak out of the calendar")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        peak = self.get_object()
        user = caller(request)
        require(user, Permission.MANAGE_BRAND, peak.brand_id)
        services.cancel_peak(peak, by=user)
        return Response(status=HTTP_204_NO_CONTENT)


class ThemeOutput(serializers.ModelSerializer):
    """A theme of what is said now; `rank` 1 is the largest."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)
    questions = serializers.ListField(child=serializers.DictField(), read_only=True)
    samples = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta:
        model = Theme
        fields = (
            "id", "brand", "name", "terms", "began_at", "seen_at", "rank", "mentions", "sampled",
            "hourly", "negative_share", "reach", "questions", "samples", "told_at",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_view(list=extend_schema(summary="List the themes of now"))
class ThemeViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Theme]):
    """What the talk about the caller's brands is made of."""

    serializer_class = ThemeOutput
    queryset = Theme.objects.none()

    def get_queryset(self) -> QuerySet[Theme]:
        found = Theme.objects.visible_to(caller(self.request)).filter(rank__isnull=False)
        return found.select_related("brand").order_by("pk")
