"""Labels of mentions over the API: people's words on them, and the rules that come of these."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
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
from core.clock import database_now

from .enums import LABELS, LabelField
from .models import Mention
from .models_labels import LabelLayer, LabelRule
from .services import layers, rules
from .services.corrections import correct, effective


class LabelInput(serializers.Serializer):
    """A label and what it is: `field` and one of its codes."""

    field = serializers.ChoiceField(LabelField.choices)
    value = serializers.CharField(max_length=20)


class LabelsOutput(serializers.Serializer):
    """The labels that hold for a mention, people's words before the machine's."""

    sentiment = serializers.CharField()
    emotion = serializers.CharField()
    crisis_type = serializers.CharField()
    blame = serializers.CharField()
    about = serializers.CharField()


class MentionLabels(APIView):
    """What a mention was found, or said, to be."""

    @extend_schema(request=LabelInput, responses=LabelsOutput, summary="Correct a label")
    def post(self, request: Request, pk: int) -> Response:
        user = caller(request)
        mention = get_object_or_404(Mention.objects.visible_to(user), pk=pk)
        require(user, Permission.TRIAGE, mention.brand_id)
        given = LabelInput(data=request.data)
        # An unknown code is refused with words by the service.
        data: Any = request.data
        field, value = data.get("field", ""), data.get("value", "")
        if given.is_valid():
            field, value = given.validated_data["field"], given.validated_data["value"]
        row = correct(mention, str(field), str(value), user)
        return Response({name: effective(row, name) for name in LABELS})


class RuleOutput(serializers.ModelSerializer):
    """What a word means to a brand."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)

    class Meta:
        model = LabelRule
        fields = ("id", "brand", "phrase", "field", "value", "negated", "is_active", "created_at")
        read_only_fields = fields


class RuleInput(serializers.Serializer):
    """`negated`: where the phrase stands, `field` is not `value` on account of it."""

    brand = serializers.SlugField()
    phrase = serializers.CharField(max_length=100)
    field = serializers.ChoiceField(LabelField.choices)
    value = serializers.CharField(max_length=20)
    negated = serializers.BooleanField(required=False, default=True)


@extend_schema_view(
    list=extend_schema(summary="List label rules"), retrieve=extend_schema(summary="Read one")
)
class LabelRuleViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[LabelRule]
):
    """The rules of the caller's brands on what words mean there."""

    serializer_class = RuleOutput
    queryset = LabelRule.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[LabelRule]:
        user = caller(self.request)
        return LabelRule.objects.visible_to(user).select_related("brand")

    @extend_schema(request=RuleInput, responses={201: RuleOutput}, summary="Make a label rule")
    def create(self, request: Request) -> Response:
        given = RuleInput(data=request.data)
        given.is_valid(raise_exception=True)
        wanted: dict[str, Any] = dict(given.validated_data)
        user = caller(request)
        brand = get_brand(user, wanted.pop("brand"))
        require(user, Permission.TRIAGE, brand)
        made = rules.make(brand, by=user, **wanted)
        return Response(RuleOutput(made).data, HTTP_201_CREATED)

    @extend_schema(responses={204: None}, summary="Delete a label rule")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        rule = self.get_object()
        user = caller(request)
        require(user, Permission.TRIAGE, rule.brand_id)
        rules.remove(rule, by=user)
        return Response(status=HTTP_204_NO_CONTENT)


class LayerOutput(serializers.ModelSerializer):
    """What a brand's corrections taught. Of `learned_from` labels that people set or confirmed the
    models agreed on `agreed_before`, and with the layer on `agreed_after`."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)

    class Meta:
        model = LabelLayer
        fields = (
            "id", "brand", "field", "learned_from", "agreed_before", "agreed_after", "at"
        )  # fmt: skip
        read_only_fields = fields


class LayerInput(serializers.Serializer):
    """Which label of which brand."""

    brand = serializers.SlugField()
    field = serializers.ChoiceField([(each.value, each.label) for each in layers.FIELDS])


@extend_schema_view(
    list=extend_schema(summary="List what corrections taught"),
    retrieve=extend_schema(summary="Read one"),
)
class LabelLayerViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[LabelLayer]
):
    """What the corrections of the caller's brands add to the models' word."""

    serializer_class = LayerOutput
    queryset = LabelLayer.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[LabelLayer]:
        return LabelLayer.objects.visible_to(caller(self.request)).select_related("brand")

    @extend_schema(
        request=LayerInput, responses={201: LayerOutput}, summary="Learn from corrections"
    )
    def create(self, request: Request) -> Response:
        given = LayerInput(data=request.data)
        given.is_valid(raise_exception=True)
        user = caller(request)
        brand = get_brand(user, given.validated_data["brand"])
        require(user, Permission.TRIAGE, brand)
        made = layers.learn(brand, given.validated_data["field"], by=user, now=database_now())
        return Response(LayerOutput(made).data, HTTP_201_CREATED)

    @extend_schema(responses={204: None}, summary="Undo what was learned")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        layer = self.get_object()
        user = caller(request)
        require(user, Permission.TRIAGE, layer.brand_id)
        layers.forget(layer, by=user)
        return Response(status=HTTP_204_NO_CONTENT)
