"""Plans from elsewhere over the API: files that are taken in, and tools that are connected."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from accounts.models import Brand
from accounts.selectors import visible_brands
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now
from core.errors import Refused
from core.words import Words
from monitoring import senders

from . import selectors, showing
from .enums import CalendarKind, FeedKind
from .models import Feed
from .reading import MAX_BYTES, Fault, Refusal, Unreadable
from .services import feeding


class PlanFileInput(serializers.Serializer):
    """A CSV file or a calendar (.ics)."""

    brand = serializers.SlugField()
    file = serializers.FileField()


class LeftOutOutput(serializers.Serializer):
    """A row that was left out, counted from 1, and what of it was wrong."""

    row = serializers.IntegerField()
    why = serializers.SerializerMethodField()
    shown = serializers.CharField()

    def get_why(self, refusal: Refusal) -> str:
        return str(Fault(refusal.fault).label)


class TakenOutput(serializers.Serializer):
    """How many entries are new, how many were known; and each row that was left out."""

    new = serializers.IntegerField()
    known = serializers.IntegerField()
    refused = LeftOutOutput(many=True)


class MarketingFeedInput(serializers.Serializer):
    """A tool outside. A calendar needs its secret address `url`; `sender` says how the caller of a
    webhook shows who it is."""

    brand = serializers.SlugField()
    kind = serializers.ChoiceField(FeedKind.choices)
    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    sender = serializers.ChoiceField(senders.CHOICES, default=senders.STANDARD)
    entry_kind = serializers.ChoiceField(CalendarKind.choices, default=CalendarKind.POST)
    network = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    country = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class MarketingFeedOutput(serializers.ModelSerializer):
    """A tool whose plan is shown. `coming` entries stand in the calendar; `problem` says why it
    could not be read last. Neither its address nor its secret is shown again."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)
    coming = serializers.IntegerField(read_only=True, default=0)
    problem = serializers.SerializerMethodField()

    class Meta:
        model = Feed
        fields: tuple[str, ...] = (
            "id", "brand", "kind", "name", "entry_kind", "network", "country", "sender",
            "is_active", "seen_at", "coming", "problem", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_problem(self, feed: Feed) -> str:
        return str(Words.of(feed.error)) if feed.error else ""


class ConnectedFeedOutput(MarketingFeedOutput):
    """The same once, when it is connected: where a webhook is called, and its secret."""

    address = serializers.SerializerMethodField()
    secret = serializers.SerializerMethodField()

    class Meta(MarketingFeedOutput.Meta):
        fields: tuple[str, ...] = (*MarketingFeedOutput.Meta.fields, "address", "secret")
        read_only_fields = fields

    def get_address(self, feed: Feed) -> str:
        secret: str = self.context["secret"]
        if not secret:
            return ""
        request: Request = self.context["request"]
        return str(request.build_absolute_uri(showing.webhook(feed, secret)))

    def get_secret(self, _feed: Feed) -> str:
        secret: str = self.context["secret"]
        return secret


def _brand(request: Request, slug: str) -> Brand:
    found = visible_brands(caller(request)).filter(slug=slug).first()
    if found is None:
        raise Refused(_("There is no such brand."))
    return found


class ImportsView(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": PlanFileInput},
        responses=TakenOutput,
        summary="Import a plan",
    )
    def post(self, request: Request) -> Response:
        """A CSV file or a calendar. The same file twice changes nothing."""
        wanted = checked(PlanFileInput, request.data)
        brand, file = _brand(request, wanted["brand"]), wanted["file"]
        try:
            taken = feeding.import_file(
                brand, file.read(MAX_BYTES + 1), file.name, by=caller(request), now=database_now()
            )
        except Unreadable as error:
            raise Refused(str(error)) from error
        return Response(TakenOutput(taken).data)


@extend_schema_view(
    list=extend_schema(summary="List the connected planning tools"),
    retrieve=extend_schema(summary="Read a connected planning tool"),
)
class FeedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Feed]):
    """Tools outside whose plans stand in the calendars of the caller's brands."""

    serializer_class = MarketingFeedOutput
    queryset = Feed.objects.none()
    pagination_class = Keyset
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Feed]:
        return selectors.feeds(caller(self.request))

    @extend_schema(
        request=MarketingFeedInput,
        responses={201: ConnectedFeedOutput},
        summary="Connect a planning tool",
    )
    def create(self, request: Request) -> Response:
        """The answer alone has a webhook's address and secret."""
        wanted = checked(MarketingFeedInput, request.data)
        brand = _brand(request, wanted.pop("brand"))
        kind, url = wanted.pop("kind"), wanted.pop("url")
        if kind == FeedKind.CALENDAR and not url:
            raise Refused(_("Enter the calendar's address."))
        feed, secret = feeding.add_feed(
            brand, kind, wanted, by=caller(request), now=database_now(), url=url
        )
        context: dict[str, Any] = {"request": request, "secret": secret}
        shown = ConnectedFeedOutput(feed, context=context)
        return Response(shown.data, status.HTTP_201_CREATED)

    @extend_schema(responses={204: None}, summary="Disconnect a planning tool")
    def destroy(self, request: Request, pk: str) -> Response:
        """Its entries leave the calendar with it."""
        feeding.remove_feed(self.get_object().pk, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
