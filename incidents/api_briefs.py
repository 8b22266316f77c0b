"""Updates to subscribers, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now

from .api_privacy import find, person
from .enums import Receipt
from .models_updates import BriefReceipt, Subscriber
from .selectors import briefs as reading
from .services import briefs


class SubscriberOutput(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    email = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField()
    since = serializers.DateTimeField()

    def get_email(self, subscriber: Subscriber) -> str:
        return subscriber.user.email if subscriber.user else subscriber.email

    def get_name(self, subscriber: Subscriber) -> str:
        return str(subscriber)


class SubscriberInput(serializers.Serializer):
    """With `member` an address of the brand's people; else anybody's address."""

    email = serializers.EmailField()
    name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    language = serializers.CharField(max_length=8, required=False, default="", allow_blank=True)
    member = serializers.BooleanField(default=False)


class ReceiptOutput(serializers.Serializer):
    """Whether the latest version reached one reader, and was read."""

    reader = serializers.SerializerMethodField()
    state = serializers.ChoiceField(Receipt.choices)
    sent_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)

    def get_reader(self, receipt: BriefReceipt) -> str:
        return str(receipt.subscriber)


class UpdateOutput(serializers.Serializer):
    """An update in its latest version."""

    number = serializers.IntegerField(source="brief.number")
    version = serializers.IntegerField(source="brief.version")
    text = serializers.CharField(source="latest.text")
    at = serializers.DateTimeField(source="latest.at")
    receipts = ReceiptOutput(many=True)


class UpdateInput(serializers.Serializer):
    text = serializers.CharField(max_length=4000)


class CorrectionInput(UpdateInput):
    """`version` is the one that you read: 409 if it is not the latest."""

    version = serializers.IntegerField(min_value=1)


class SubscribersView(APIView):
    @extend_schema(responses=SubscriberOutput(many=True), summary="List who is kept informed")
    def get(self, request: Request, reference: str) -> Response:
        rows = find(request, reference).subscribers.filter(ended_at=None).select_related("user")
        return Response(SubscriberOutput(rows, many=True).data)

    @extend_schema(
        request=SubscriberInput, responses={201: SubscriberOutput}, summary="Keep somebody informed"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        wanted = checked(SubscriberInput, request.data)
        user = person(incident, wanted["email"]) if wanted.pop("member") else None
        email = "" if user else wanted["email"]
        made = briefs.subscribe(
            incident.pk,
            user=user,
            email=email,
            name=wanted["name"],
            language=wanted["language"],
            by=caller(request),
            now=database_now(),
        )
        return Response(SubscriberOutput(made).data, status.HTTP_201_CREATED)


class SubscriberView(APIView):
    @extend_schema(responses={204: None}, summary="End a subscription")
    def delete(self, request: Request, reference: str, pk: int) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        subscriber = incident.subscribers.get(pk=pk)
        briefs.unsubscribe(subscriber.pk, by=caller(request), now=database_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _updates(request: Request, reference: str) -> Any:
    found: Any = reading.updates(find(request, reference))
    shown: Any = UpdateOutput(found, many=True).data
    return shown


class UpdatesView(APIView):
    @extend_schema(responses=UpdateOutput(many=True), summary="List updates and their receipts")
    def get(self, request: Request, reference: str) -> Response:
        return Response(_updates(request, reference))

    @extend_schema(
        request=UpdateInput, responses={201: UpdateOutput(many=True)}, summary="Send an update"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        text = checked(UpdateInput, request.data)["text"]
        briefs.send_brief(incident.pk, text, by=caller(request), now=database_now())
        return Response(_updates(request, reference), status.HTTP_201_CREATED)


class UpdateView(APIView):
    @extend_schema(
        request=CorrectionInput, responses=UpdateOutput(many=True), summary="Correct an update"
    )
    def put(self, request: Request, reference: str, number: int) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        wanted = checked(CorrectionInput, request.data)
        brief = incident.briefs.get(number=number)
        briefs.correct_brief(
            brief.pk,
            wanted["text"],
            version=wanted["version"],
            by=caller(request),
            now=database_now(),
        )
        return Response(_updates(request, reference))
