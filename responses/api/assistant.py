"""Help by a language model over the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from accounts.models import Brand
from accounts.selectors import administered
from core.api.checked import checked
from core.clock import database_now
from core.words import Words
from responses import selectors
from responses.enums_assistant import Wish
from responses.models_assistant import LanguageModel, Suggestion
from responses.services import assistant as services


class SuggestionOutput(serializers.ModelSerializer):
    """A question and its answer. `base` is the version asked about, `version` what it became."""

    draft = serializers.IntegerField(source="draft_id", read_only=True)
    version = serializers.IntegerField(source="version.number", default=None, read_only=True)
    problem = serializers.SerializerMethodField()

    class Meta:
        model = Suggestion
        fields = (
            "id", "draft", "base", "wish", "state", "model", "text", "problem", "tokens", "version",
            "at",
        )  # fmt: skip
        read_only_fields = fields

    def get_problem(self, suggestion: Suggestion) -> str:
        return str(Words.of(suggestion.error))


class SuggestionInput(serializers.Serializer):
    wish = serializers.ChoiceField(Wish.choices)


class SuggestionsView(APIView):
    @extend_schema(responses=SuggestionOutput(many=True), summary="List suggestions for a draft")
    def get(self, request: Request, pk: int) -> Response:
        draft = get_object_or_404(selectors.visible_drafts(caller(request)), pk=pk)
        rows = draft.suggestions.select_related("version")[:50]
        return Response(SuggestionOutput(rows, many=True).data)

    @extend_schema(
        request=SuggestionInput,
        responses={201: SuggestionOutput},
        summary="Ask the language model for help",
    )
    def post(self, request: Request, pk: int) -> Response:
        """Of the latest version. It is asked in a moment: read the suggestion until it is ready."""
        draft = get_object_or_404(selectors.visible_drafts(caller(request)), pk=pk)
        wish = checked(SuggestionInput, request.data)["wish"]
        made = services.ask(draft.pk, wish, by=caller(request), now=database_now())
        return Response(SuggestionOutput(made).data, status.HTTP_201_CREATED)


def _find(request: Request, pk: int) -> Suggestion:
    visible = selectors.visible_drafts(caller(request))
    return get_object_or_404(Suggestion.objects.filter(draft__in=visible), pk=pk)


class SuggestionView(APIView):
    @extend_schema(responses=SuggestionOutput, summary="Read a suggestion")
    def get(self, request: Request, pk: int) -> Response:
        return Response(SuggestionOutput(_find(request, pk)).data)


class SuggestionDeedView(APIView):
    """One deed with a suggestion."""

    deed: Any = None

    @extend_schema(request=None, responses=SuggestionOutput)
    def post(self, request: Request, pk: int) -> Response:
        """409 where it is too late for it."""
        found = _find(request, pk)
        getattr(services, self.deed)(found.pk, by=caller(request), now=database_now())
        return Response(SuggestionOutput(_find(request, pk)).data)


class LanguageModelOutput(serializers.ModelSerializer):
    """A brand's model. Its key is never given out."""

    brand: Any = serializers.SlugRelatedField("slug", read_only=True)
    has_key = serializers.SerializerMethodField()

    class Meta:
        model = LanguageModel
        fields = (
            "brand", "is_on", "url", "model", "has_key", "is_private_allowed", "monthly_calls",
            "monthly_tokens", "patience", "rests_until",
        )  # fmt: skip
        read_only_fields = fields

    def get_has_key(self, model: LanguageModel) -> bool:
        return bool(model.sealed)


class LanguageModelInput(serializers.Serializer):
    """Without `key` the one that is there stays, for the same host; an empty one takes it away."""

    url = serializers.CharField(max_length=500)
    model = serializers.CharField(max_length=200)
    is_on = serializers.BooleanField(default=False)
    key = serializers.CharField(
        max_length=500, required=False, allow_blank=True, allow_null=True, write_only=True
    )
    is_private_allowed = serializers.BooleanField(default=False)
    monthly_calls = serializers.IntegerField(min_value=0, max_value=10**6, default=200)
    monthly_tokens = serializers.IntegerField(min_value=0, max_value=10**9, default=500_000)
    patience = serializers.IntegerField(min_value=5, max_value=120, default=45)


class LanguageModelView(APIView):
    @extend_schema(responses=LanguageModelOutput, summary="Read a brand's language model")
    def get(self, request: Request, slug: str) -> Response:
        """For its administrators."""
        rows = LanguageModel.objects.filter(brand__in=administered(caller(request)))
        return Response(LanguageModelOutput(get_object_or_404(rows, brand__slug=slug)).data)

    @extend_schema(
        request=LanguageModelInput,
        responses=LanguageModelOutput,
        summary="Set up a brand's language model",
    )
    def put(self, request: Request, slug: str) -> Response:
        brand = get_object_or_404(Brand, pk__in=administered(caller(request)), slug=slug)
        wanted = services.Wanted(**checked(LanguageModelInput, request.data))
        done = services.configure(brand, wanted, by=caller(request))
        return Response(LanguageModelOutput(done).data)
