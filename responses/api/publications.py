"""Publications over the API."""

from collections.abc import Callable

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import caller
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now
from responses import problems, selectors, services
from responses.enums import PublicationState
from responses.models import Draft, Publication

from .draft_shapes import AccountOutput, DraftOutput, shown_with


class PublicationOutput(serializers.ModelSerializer):
    """One version on its way out through one account, or part `part` of the thread of `parts` posts
    that it is there; `text` is what stands there. `problem` says what is wrong, if anything."""

    draft = serializers.IntegerField(source="version.draft_id", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    incident = serializers.CharField(source="version.draft.incident.reference", read_only=True)
    account = AccountOutput(read_only=True)
    problem = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()
    text = serializers.CharField(source="said", read_only=True)

    class Meta:
        model = Publication
        fields = (
            "id",
            "incident",
            "draft",
            "version",
            "account",
            "part",
            "parts",
            "text",
            "state",
            "sha256",
            "publish_at",
            "attempts",
            "sent_at",
            "external_id",
            "url",
            "edited_at",
            "gone_at",
            "problem",
            "created_at",
        )
        read_only_fields = fields

    def get_parts(self, publication: Publication) -> int:
        return len(publication.thread) or 1

    def get_problem(self, publication: Publication) -> str:
        return problems.words(publication.error)


class PublicationFilters(serializers.Serializer):
    """Which publications are wanted; `draft` is an id."""

    incident = serializers.CharField(max_length=16, required=False)
    draft = serializers.IntegerField(min_value=1, required=False)
    state = serializers.ChoiceField(PublicationState.choices, required=False)


class SettleInput(serializers.Serializer):
    """What somebody who looked found."""

    outcome = serializers.ChoiceField(["sent", "failed"])
    url = serializers.URLField(max_length=2000, required=False, allow_blank=True, default="")


@extend_schema_view(
    list=extend_schema(parameters=[PublicationFilters], summary="List publications"),
    retrieve=extend_schema(summary="Read a publication"),
)
class PublicationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Publication]
):
    """What went out, goes out, or did not, of the caller's brands."""

    serializer_class = PublicationOutput
    queryset = Publication.objects.none()
    pagination_class = Keyset
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Publication]:
        rows = selectors.visible_publications(caller(self.request))
        if self.action != "list":
            return rows
        wanted = checked(PublicationFilters, self.request.query_params)
        names = {
            "incident": "version__draft__incident__reference",
            "draft": "version__draft",
            "state": "state",
        }
        return rows.filter(**{names[name]: value for name, value in wanted.items()})

    @extend_schema(
        request=SettleInput, responses=PublicationOutput, summary="Say what became of it"
    )
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """For one that may or may not be out: somebody has looked."""
        publication = self.get_object()
        wanted = checked(SettleInput, request.data)
        services.settle(
            publication.pk,
            wanted["outcome"],
            by=caller(request),
            url=wanted["url"],
            now=database_now(),
        )
        return Response(PublicationOutput(self.get_object()).data)

    @extend_schema(request=None, responses={201: DraftOutput}, summary="Edit what is published")
    @action(detail=True, methods=["post"])
    def edit(self, request: Request, pk: str) -> Response:
        """Begin a draft whose text takes its place, once it is approved."""
        return self._begun(services.start_edit, request)

    @extend_schema(request=None, responses={201: DraftOutput}, summary="Take it down")
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Ask for an approval of taking it down."""
        return self._begun(services.start_removal, request)

    @extend_schema(request=None, responses={201: DraftOutput}, summary="Correct it")
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str) -> Response:
        """Begin the draft that puts right what rests on a withdrawn fact."""
        return self._begun(services.start_correction, request)

    def _begun(self, service: Callable[..., Draft], request: Request) -> Response:
        user = caller(request)
        draft = service(self.get_object().pk, by=user, now=database_now())
        fresh = selectors.with_latest(selectors.visible_drafts(user)).get(pk=draft.pk)
        shown = DraftOutput(fresh, context=shown_with([fresh]))
        return Response(shown.data, status.HTTP_201_CREATED)
