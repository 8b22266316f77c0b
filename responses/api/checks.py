"""The draft check and the list of words to avoid, over the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from accounts.models import Brand
from core.api.checked import checked
from core.clock import database_now
from core.errors import Refused
from core.text import clean
from incidents.api_privacy import find
from responses import splitting, texts, variables
from responses.advising import Checked
from responses.checks import check
from responses.guarding import guarded
from responses.guidelines import guidelines
from responses.models_guidelines import AvoidedWord
from responses.previews import previews, tried
from responses.selectors import usable_accounts
from responses.services import guidelines as services
from responses.services.checking import leaning


class TextChecked(serializers.Serializer):
    """A text that may or may not be a draft. Nothing of it is kept."""

    text = serializers.CharField(max_length=texts.MAX_LENGTH, trim_whitespace=False)


class FindingOutput(serializers.Serializer):
    """A place: `start` and `end` are characters (code points). `instead` is in the text's words."""

    check = serializers.CharField(source="finding.code")
    start = serializers.IntegerField(source="finding.start")
    end = serializers.IntegerField(source="finding.end")
    quote = serializers.CharField(source="finding.quote")
    name = serializers.CharField()
    why = serializers.CharField()
    what = serializers.CharField()
    instead = serializers.CharField(source="finding.instead")


class ElementOutput(serializers.Serializer):
    """Something a good text has; `start` is null where it is missing."""

    group = serializers.CharField(source="element.group")
    element = serializers.CharField(source="element.code")
    found = serializers.BooleanField(source="element.found")
    start = serializers.IntegerField(source="element.start", allow_null=True)
    name = serializers.CharField()
    what = serializers.CharField()


class ReadabilityOutput(serializers.Serializer):
    """`index` is lix (Danish) or fk, the Flesch-Kincaid grade (English)."""

    index = serializers.CharField()
    value = serializers.FloatField()
    is_hard = serializers.BooleanField()


class TextCheckOutput(serializers.Serializer):
    """`is_full` is false for a language of which only what needs none was looked at.

    `unverified` are the cited facts that do not stand: with them a draft is submitted only with a
    reason. All else is advice.
    """

    language = serializers.CharField(source="report.language")
    is_full = serializers.BooleanField(source="report.is_full")
    findings = FindingOutput(many=True)
    elements = ElementOutput(many=True, source="asked")
    readability = ReadabilityOutput(source="report.readability", allow_null=True)
    unverified = serializers.SerializerMethodField()

    def get_unverified(self, found: Checked) -> list[int]:
        return sorted([fact.number for fact in found.leaning.unsure] + found.leaning.unknown)


class ChecksView(APIView):
    @extend_schema(request=TextChecked, responses=TextCheckOutput, summary="Check a text")
    def post(self, request: Request, reference: str) -> Response:
        """What would be said of the text beside the composer of this incident."""
        incident = find(request, reference)
        text = clean(checked(TextChecked, request.data)["text"])
        found = Checked(text, check(text, guidelines(incident.brand_id)), leaning(incident, text))
        return Response(TextCheckOutput(found).data)


class ContradictionOutput(serializers.Serializer):
    """What the text says (`start`, `end` in code points) and what an earlier text says.

    `kind` is number, time, cause, promise or posture.
    """

    kind = serializers.CharField(source="clash.kind")
    start = serializers.IntegerField(source="clash.claim.start")
    end = serializers.IntegerField(source="clash.claim.end")
    sentence = serializers.CharField(source="clash.claim.sentence")
    other = serializers.CharField(source="clash.other.sentence")
    text = serializers.CharField(source="clash.said.label")
    url = serializers.CharField(source="clash.said.url")
    said_at = serializers.DateTimeField(source="clash.said.at")


class ContradictionsView(APIView):
    @extend_schema(
        request=TextChecked,
        responses=ContradictionOutput(many=True),
        summary="Hold a text against what stands",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Against what was published or said, the head, verified facts and open promises."""
        incident = find(request, reference)
        text = clean(checked(TextChecked, request.data)["text"])
        found, _among = guarded(incident, text, now=database_now())
        return Response(ContradictionOutput(found, many=True).data)


class PreviewInput(TextChecked):
    """The accounts, by id, that it would go out through."""

    accounts = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=50
    )
    # Whether it is to be parted where it is too long.
    thread = serializers.BooleanField(default=False)


class PartOutput(serializers.Serializer):
    """One post of a thread, as it goes out."""

    text = serializers.CharField()
    length = serializers.IntegerField()


class PreviewOutput(serializers.Serializer):
    """How long the text is as the account's network counts; `limit` 0 is none. `over` is by how
    much it is too long. `parts` are empty where it goes out whole; `problem` says why it cannot be
    parted."""

    account = serializers.IntegerField(source="account.pk")
    network = serializers.CharField(source="account.network")
    length = serializers.IntegerField()
    limit = serializers.IntegerField()
    over = serializers.IntegerField()
    counts = serializers.CharField()
    parts = PartOutput(many=True)
    problem = serializers.CharField()


class PreviewsView(APIView):
    @extend_schema(
        request=PreviewInput,
        responses=PreviewOutput(many=True),
        summary="Count a text as networks do",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the rule of each account's network: characters, links, emoji."""
        incident = find(request, reference)
        wanted = checked(PreviewInput, request.data)
        accounts = usable_accounts(incident.brand_id).filter(pk__in=wanted["accounts"])
        typed, now = texts.tidy(wanted["text"]), database_now()
        text = variables.fill(texts.public(typed), incident, now=now)
        if not wanted["thread"]:
            return Response(PreviewOutput(previews(accounts, text), many=True).data)
        pieces = [variables.fill(each, incident, now=now) for each in splitting.segments(typed)]
        return Response(PreviewOutput(tried(accounts, text, (), pieces), many=True).data)


class AvoidedWordOutput(serializers.ModelSerializer):
    """A word that a brand avoids; `language` is empty for every one."""

    brand: Any = serializers.SlugRelatedField("slug", read_only=True)
    language = serializers.CharField(read_only=True)

    class Meta:
        model = AvoidedWord
        fields = ("id", "brand", "language", "word", "instead", "reason")
        read_only_fields = fields


class AvoidedWordInput(serializers.Serializer):
    """`word` may end in *: every word that begins so."""

    brand = serializers.SlugField()
    word = serializers.CharField(max_length=120)
    language = serializers.RegexField("^(da|en)?$", allow_blank=True, default="")
    instead = serializers.CharField(max_length=200, allow_blank=True, default="")
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class AvoidedWordsView(APIView):
    @extend_schema(responses=AvoidedWordOutput(many=True), summary="List the words to avoid")
    def get(self, request: Request) -> Response:
        """Of all brands of the caller."""
        found = AvoidedWord.objects.visible_to(caller(request)).select_related("brand")
        return Response(AvoidedWordOutput(found, many=True).data)

    @extend_schema(
        request=AvoidedWordInput,
        responses={201: AvoidedWordOutput},
        summary="Put a word on the list of those to avoid",
    )
    def post(self, request: Request) -> Response:
        wanted = checked(AvoidedWordInput, request.data)
        by = caller(request)
        brand = Brand.objects.filter(pk__in=by.roles, slug=wanted.pop("brand")).first()
        if brand is None:
            raise Refused(_("There is no such brand."))
        added = services.avoid(brand, services.Avoiding(**wanted), by=by)
        return Response(AvoidedWordOutput(added).data, status.HTTP_201_CREATED)


class AvoidedWordView(APIView):
    @extend_schema(responses={204: None}, summary="Take a word off the list")
    def delete(self, request: Request, pk: int) -> Response:
        found = get_object_or_404(AvoidedWord.objects.visible_to(caller(request)), pk=pk)
        services.allow(found.pk, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
