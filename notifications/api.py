"""What the caller was told, and whether it arrived; how they are told."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from accounts.http import caller
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now

from . import selectors
from .carriers import PERSONAL
from .enums import Trouble, Urgency
from .messages import tell
from .models import Address, Delivery, Notice, Preference, Provider, Rule
from .services import addresses, mark_read, wishes
from .services.wishes import LONGEST, MOST_STEPS, WAYS, Order

_NUMBER = r"\d{1,18}"


class DeliveryOutput(serializers.ModelSerializer):
    """One way out of the app and what became of it. `send_at` is when it is (again) due."""

    error = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = ("channel", "provider", "step", "state", "attempts", "send_at", "sent_at", "error")
        read_only_fields = fields

    def get_error(self, delivery: Delivery) -> str:
        known = delivery.error in Trouble.values
        return str(Trouble(delivery.error).label) if known else delivery.error


class NoticeOutput(serializers.ModelSerializer):
    """One thing the caller was told, in their language."""

    brand = serializers.SlugField(source="brand.slug", read_only=True, allow_null=True)
    title = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    deliveries = DeliveryOutput(many=True, read_only=True)

    class Meta:
        model = Notice
        fields = (
            "id", "brand", "kind", "title", "text", "url", "urgency", "created_at", "read_at",
            "deliveries",
        )  # fmt: skip
        read_only_fields = fields

    def get_title(self, notice: Notice) -> str:
        return tell(notice.kind, notice.params).title

    def get_text(self, notice: Notice) -> str:
        return tell(notice.kind, notice.params).body


@extend_schema_view(
    list=extend_schema(summary="List what you were told"),
    retrieve=extend_schema(summary="Read a notice with its deliveries"),
)
class NoticeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Notice]
):
    """The caller's own notices, the newest first."""

    serializer_class = NoticeOutput
    queryset = Notice.objects.none()
    pagination_class = Keyset
    lookup_value_regex = _NUMBER

    def get_queryset(self) -> QuerySet[Notice]:
        outgoing = Prefetch("deliveries", Delivery.objects.order_by("step", "pk"))
        mine = Notice.objects.visible_to(caller(self.request)).select_related("brand")
        found: QuerySet[Notice] = mine.prefetch_related(outgoing)
        return found

    @extend_schema(request=None, responses=NoticeOutput, summary="Mark a notice as read")
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str | None = None) -> Response:
        mark_read(caller(request), notice_id=self.get_object().pk)
        return Response(NoticeOutput(self.get_object()).data)


class AddressOutput(serializers.ModelSerializer):
    """Where the caller can be reached. What it is, is not told: `hint` tells one from another."""

    class Meta:
        model = Address
        fields = (
            "id", "service", "means", "label", "hint", "provider", "created_at", "verified_at",
            "failed_at", "error",
        )  # fmt: skip
        read_only_fields = fields


class AddressInput(serializers.Serializer):
    """`to` is the number, chat or address that the service asks for."""

    service = serializers.ChoiceField([(name, name) for name in PERSONAL])
    to = serializers.CharField(max_length=2000)
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=80, required=False, allow_blank=True
    )


class CodeInput(serializers.Serializer):
    code = serializers.CharField(max_length=12)


class KeysInput(serializers.Serializer):
    p256dh = serializers.CharField(max_length=200)
    auth = serializers.CharField(max_length=60)


class DeviceInput(serializers.Serializer):
    """A browser's push subscription, as `subscription.toJSON()` has it."""

    endpoint = serializers.CharField(max_length=1000)
    keys = KeysInput()
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=80, required=False, allow_blank=True
    )


@extend_schema_view(
    list=extend_schema(summary="List where you can be reached"),
    retrieve=extend_schema(summary="Read an address of yours"),
)
class AddressViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Address]
):
    """The caller's own addresses. One is used once its code was typed."""

    serializer_class = AddressOutput
    queryset = Address.objects.none()
    lookup_value_regex = _NUMBER

    def get_queryset(self) -> QuerySet[Address]:
        found: QuerySet[Address] = Address.objects.filter(user=caller(self.request))
        return found.order_by("pk")

    @extend_schema(
        request=AddressInput, responses={201: AddressOutput}, summary="Add an address, get a code"
    )
    def create(self, request: Request) -> Response:
        given = checked(AddressInput, request.data)
        label = given.get("label", "")
        address = addresses.add_address(
            caller(request), given["service"], given["to"], label=label, now=database_now()
        )
        return Response(AddressOutput(address).data, HTTP_201_CREATED)

    @extend_schema(
        request=DeviceInput, responses={201: AddressOutput}, summary="Add a browser to push to"
    )
    @action(detail=False, methods=["post"])
    def device(self, request: Request) -> Response:
        given = checked(DeviceInput, request.data)
        label = given.pop("label", "")
        address = addresses.subscribe(caller(request), given, label=label, now=database_now())
        return Response(AddressOutput(address).data, HTTP_201_CREATED)

    @extend_schema(request=CodeInput, responses=AddressOutput, summary="Confirm by the code")
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str | None = None) -> Response:
        code = checked(CodeInput, request.data)["code"]
        mine = self.get_object().pk
        address = addresses.verify(caller(request), mine, code, now=database_now())
        return Response(AddressOutput(address).data)

    @extend_schema(request=None, responses={202: None}, summary="Send a new code")
    @action(detail=True, methods=["post"])
    def code(self, request: Request, pk: str | None = None) -> Response:
        addresses.send_code(caller(request), self.get_object().pk, now=database_now())
        return Response(status=HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={202: DeliveryOutput}, summary="Ring me now")
    @action(detail=True, methods=["post"])
    def ring(self, request: Request, pk: str | None = None) -> Response:
        delivery = addresses.ring(caller(request), self.get_object().pk, now=database_now())
        return Response(DeliveryOutput(delivery).data, HTTP_202_ACCEPTED)

    @extend_schema(responses={204: None}, summary="Remove an address")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        addresses.remove_address(caller(request), self.get_object().pk)
        return Response(status=HTTP_204_NO_CONTENT)


class StepSerializer(serializers.Serializer):
    """One way, so many seconds after the call. `address` only with the way "address"."""

    way = serializers.ChoiceField([(way, way) for way in WAYS])
    address = serializers.IntegerField(required=False)
    after = serializers.IntegerField(min_value=0, max_value=LONGEST, default=0)


class OrderOutput(serializers.ModelSerializer):
    """In which order ways are used. Without hours it always holds."""

    steps = serializers.SerializerMethodField()

    class Meta:
        model = Rule
        fields = ("id", "urgency", "starts", "ends", "steps")
        read_only_fields = fields

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, rule: Rule) -> list[dict[str, Any]]:
        return list(rule.steps)


class OrderInput(serializers.Serializer):
    urgency = serializers.ChoiceField(Urgency.choices)
    starts = serializers.TimeField(required=False, allow_null=True)
    ends = serializers.TimeField(required=False, allow_null=True)
    steps = serializers.ListField(child=StepSerializer(), max_length=MOST_STEPS)


@extend_schema_view(
    list=extend_schema(summary="List your orders"), retrieve=extend_schema(summary="Read an order")
)
class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Rule]):
    """How the caller is told, by urgency and hour."""

    serializer_class = OrderOutput
    queryset = Rule.objects.none()
    lookup_value_regex = _NUMBER

    def get_queryset(self) -> QuerySet[Rule]:
        found: QuerySet[Rule] = Rule.objects.filter(user=caller(self.request))
        return found

    @extend_schema(request=OrderInput, responses={201: OrderOutput}, summary="Make an order")
    def create(self, request: Request) -> Response:
        order = Order(**checked(OrderInput, request.data))
        return Response(
            OrderOutput(wishes.save_rule(caller(request), order)).data, HTTP_201_CREATED
        )

    @extend_schema(request=OrderInput, responses=OrderOutput, summary="Replace an order")
    def update(self, request: Request, pk: str | None = None) -> Response:
        order, mine = Order(**checked(OrderInput, request.data)), self.get_object().pk
        return Response(OrderOutput(wishes.save_rule(caller(request), order, rule_id=mine)).data)

    @extend_schema(responses={204: None}, summary="Remove an order")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        wishes.remove_rule(caller(request), self.get_object().pk)
        return Response(status=HTTP_204_NO_CONTENT)


class PreferenceSerializer(serializers.ModelSerializer):
    """Quiet hours, the lock screen, and for how long news is gathered."""

    class Meta:
        model = Preference
        fields = ("quiet_from", "quiet_until", "hold_pages", "show_details", "bundle_minutes")


class PreferenceViewSet(viewsets.ViewSet):
    """What holds for all of the caller's ways."""

    @extend_schema(responses=PreferenceSerializer, summary="Read your preferences")
    def list(self, request: Request) -> Response:
        return Response(PreferenceSerializer(selectors.preference(caller(request))).data)

    @extend_schema(
        request=PreferenceSerializer, responses=PreferenceSerializer, summary="Set your preferences"
    )
    def create(self, request: Request) -> Response:
        given = checked(PreferenceSerializer, request.data)
        return Response(PreferenceSerializer(wishes.save_preference(caller(request), **given)).data)


class ProviderOutput(serializers.ModelSerializer):
    """Who carries notices. What is DOWN is passed over; `since` says for how long."""

    class Meta:
        model = Provider
        fields = ("name", "health", "failures", "since", "probe_at", "error")
        read_only_fields = fields


@extend_schema_view(list=extend_schema(summary="List how those who carry notices are doing"))
class ProviderViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Provider]):
    serializer_class = ProviderOutput
    queryset = Provider.objects.order_by("name")
