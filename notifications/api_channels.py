"""A brand's channels over the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from accounts.http import caller
from accounts.selectors import get_brand
from core.api.checked import checked
from core.clock import database_now

from . import selectors
from .carriers import SHARED
from .models import Channel
from .services import channels


class NoticeChannel(serializers.ModelSerializer):
    """A chat or program that escalation steps may tell."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)

    class Meta:
        model = Channel
        fields = ("id", "brand", "name", "service", "hint", "language", "created_at")
        read_only_fields = fields


class NewNoticeChannel(NoticeChannel):
    """`secret` signs what a webhook is sent. It is not told again."""

    secret = serializers.SerializerMethodField()

    class Meta(NoticeChannel.Meta):
        fields: Any = (*NoticeChannel.Meta.fields, "secret")
        read_only_fields = fields

    def get_secret(self, channel: Channel) -> str:
        return str(self.context.get("secret", ""))


class NoticeChannelInput(serializers.Serializer):
    """`to` is the webhook's or topic's address."""

    brand = serializers.SlugField()
    name = serializers.CharField(max_length=80)
    service = serializers.ChoiceField([(name, name) for name in SHARED])
    to = serializers.CharField(max_length=2000)
    language = serializers.ChoiceField(["en", "da"], default="en")


@extend_schema_view(
    list=extend_schema(summary="List channels"), retrieve=extend_schema(summary="Read a channel")
)
class ChannelViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Channel]
):
    """The channels of the caller's brands."""

    serializer_class = NoticeChannel
    queryset = Channel.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Channel]:
        return selectors.channels(caller(self.request))

    @extend_schema(
        request=NoticeChannelInput, responses={201: NewNoticeChannel}, summary="Add a channel"
    )
    def create(self, request: Request) -> Response:
        given = checked(NoticeChannelInput, request.data)
        brand = get_brand(caller(request), given.pop("brand"))
        service, typed = given.pop("service"), given.pop("to")
        channel, secret = channels.add_channel(
            brand, service, typed, **given, by=caller(request), now=database_now()
        )
        made = NewNoticeChannel(channel, context={"secret": secret})
        return Response(made.data, HTTP_201_CREATED)

    @extend_schema(request=None, responses={202: None}, summary="Send a test to a channel")
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str | None = None) -> Response:
        channels.try_channel(self.get_object().pk, by=caller(request), now=database_now())
        return Response(status=HTTP_202_ACCEPTED)

    @extend_schema(responses={204: None}, summary="Remove a channel")
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        channels.remove_channel(self.get_object().pk, by=caller(request))
        return Response(status=HTTP_204_NO_CONTENT)
