"""The communication plan over the API."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from accounts.models import Brand, User
from core.api.checked import checked
from core.clock import database_now
from core.errors import Refused
from incidents.enums import PlanKind
from incidents.plan_shape import LONGEST_LINE, LONGEST_TEXT
from responses.enums_plan import Audience, PlanSection
from responses.models_plan import CommunicationPlan, CommunicationPlanVersion
from responses.plan import holding, reading, shape, speaking
from responses.plan.advice import advice
from responses.plan.differences import differences, people
from responses.services.plan import keeping

_KINDS = PlanKind.choices
# The languages of the desk.
LANGUAGE = f"^({'|'.join(code for code, _name in settings.LANGUAGES)})$"


def _id(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, **more)


def _words(longest: int = LONGEST_LINE) -> serializers.CharField:
    return serializers.CharField(max_length=longest, allow_blank=True, default="")


def _lines() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), default=list)


class KeyMessageShape(serializers.Serializer):
    """A message, and the facts that hold it up."""

    text = serializers.CharField(max_length=LONGEST_LINE)
    facts = _lines()


class MessageMapShape(serializers.Serializer):
    """A message map. `kind` is empty for every kind of crisis; a new one needs no `key`.

    `advice` says which of Covello's limits (27 words, 9 seconds, 3 messages) it does not keep.
    """

    key = serializers.CharField(max_length=40, allow_blank=True, default="")
    kind = serializers.ChoiceField(_KINDS, allow_blank=True, default="")
    audience = serializers.ChoiceField(Audience.choices, default=Audience.PUBLIC.value)
    language = serializers.RegexField(LANGUAGE)
    question = serializers.CharField(max_length=LONGEST_LINE)
    messages = KeyMessageShape(many=True)
    advice = serializers.SerializerMethodField()

    def get_advice(self, row: Any) -> list[str]:
        return advice(row)


class SpokespersonShape(serializers.Serializer):
    """A spokesperson: ids of people. Without `kinds` they speak about every kind of crisis."""

    user = _id()
    deputies = serializers.ListField(child=_id(), max_length=shape.MOST_DEPUTIES, default=list)
    kinds = serializers.ListField(child=serializers.ChoiceField(_KINDS), default=list)
    languages = _words(shape.NAME)
    note = _words()


class PlanChannelShape(serializers.Serializer):
    """A channel: ids of its account in the desk, its owner and the owner's deputy."""

    name = serializers.CharField(max_length=shape.NAME)
    account = _id(allow_null=True, default=None)
    owner = _id(allow_null=True, default=None)
    deputy = _id(allow_null=True, default=None)
    note = _words()


class VoiceShape(serializers.Serializer):
    """How the brand speaks in one language."""

    tone = _words(LONGEST_TEXT)
    values = _lines()  # type: ignore[assignment]
    do = _lines()
    dont = _lines()


class ToldShape(serializers.Serializer):
    """One audience in the order of telling: by what, and by whom."""

    audience = serializers.ChoiceField(Audience.choices)
    how = _words()
    who = _words()


class PlanContentShape(serializers.Serializer):
    """What the plan says. `voice` is by language."""

    maps = MessageMapShape(many=True, required=False)
    speakers = SpokespersonShape(many=True, required=False)
    channels = PlanChannelShape(many=True, required=False)
    voice = serializers.DictField(child=VoiceShape(), required=False)
    order = ToldShape(many=True, required=False)


class SpeaksToday(serializers.Serializer):
    """A spokesperson and who of them and their deputies is there now; null if nobody is."""

    spokesperson = serializers.EmailField(source="first.user.email")
    today = serializers.EmailField(source="today.user.email", allow_null=True, default=None)
    phone = serializers.CharField(source="today.user.phone", allow_null=True, default=None)
    away_until = serializers.DateTimeField(source="first.away_until", allow_null=True)


class HoldingEnding(serializers.Serializer):
    """An approved holding statement that ends within a week or has ended: a template's id."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    expires_at = serializers.DateTimeField()
    is_over = serializers.BooleanField()


class CommunicationPlanOutput(serializers.Serializer):
    """A brand's plan as it holds. `bases` are to be sent back with what is written on top."""

    brand = serializers.CharField()
    version = serializers.IntegerField()
    owner = serializers.EmailField(allow_null=True)
    review_on = serializers.DateField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    content = PlanContentShape()
    bases = serializers.DictField(child=serializers.CharField())
    speaking = SpeaksToday(many=True)
    holding_ending = HoldingEnding(many=True)


class CommunicationPlanInput(PlanContentShape):
    """The sections that are written, whole; `bases` holds the base of each of them."""

    bases = serializers.DictField(child=serializers.CharField())
    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class ReviewInput(serializers.Serializer):
    """Who answers for the plan (an e-mail address), and by which day it is to be read anew.

    `read` notes that it has been read and found right.
    """

    owner = serializers.EmailField(allow_null=True, required=False)
    review_on = serializers.DateField(allow_null=True)
    read = serializers.BooleanField(default=False)


class CommunicationVersionOutput(serializers.ModelSerializer):
    """A version, and in words what it changed."""

    edited_by = serializers.EmailField(source="edited_by.email", default=None, read_only=True)
    changes = serializers.SerializerMethodField()

    class Meta:
        model = CommunicationPlanVersion
        fields = ("number", "section", "note", "edited_at", "edited_by", "changes")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_changes(self, version: CommunicationPlanVersion) -> list[str]:
        before = self.context["contents"].get(version.number - 1, shape.empty())
        return differences(before, version.content, self.context["names"])


def _brand(request: Request, slug: str) -> Brand:
    found: Brand = get_object_or_404(Brand.objects.visible_to(caller(request)), slug=slug)
    return found


def _shown(brand: Brand) -> dict[str, Any]:
    plan: CommunicationPlan | None = reading.plan_of(brand.pk)
    version, now = reading.latest(brand.pk), database_now()
    content = version.content if version else shape.empty()
    found = {
        "brand": brand.slug,
        "version": version.number if version else 0,
        "owner": plan.owner.email if plan and plan.owner else None,
        "review_on": plan.review_on if plan else None,
        "reviewed_at": plan.reviewed_at if plan else None,
        "content": content,
        "bases": {each: reading.digest(content, each) for each in PlanSection.values},
        "speaking": speaking.lines(content, brand.pk, at=now),
        "holding_ending": [
            {
                "id": each.pk,
                "name": each.name,
                "expires_at": last.expires_at,
                "is_over": holding.is_over(last, now=now),
            }
            for each, last in holding.ending(brand, now=now)
        ],
    }
    return dict(CommunicationPlanOutput(found).data)


class CommunicationPlanView(APIView):
    @extend_schema(responses=CommunicationPlanOutput, summary="Read a brand's communication plan")
    def get(self, request: Request, slug: str) -> Response:
        """An empty one before anybody has written it. `speaking` is as of now."""
        return Response(_shown(_brand(request, slug)))

    @extend_schema(
        request=CommunicationPlanInput,
        responses=CommunicationPlanOutput,
        summary="Write sections of the plan",
    )
    def put(self, request: Request, slug: str) -> Response:
        """Each section sent replaces the one there and makes a version. 409 if its base is old."""
        brand = _brand(request, slug)
        given = checked(CommunicationPlanInput, request.data)
        bases, note = given.pop("bases"), given.pop("note")
        writings = [
            keeping.Writing(section, given[section], bases.get(section, ""), note)
            for section in PlanSection.values
            if section in given
        ]
        keeping.save_sections(brand, writings, by=caller(request), now=database_now())
        return Response(_shown(brand))


class CommunicationPlanVersionsView(APIView):
    @extend_schema(
        responses=CommunicationVersionOutput(many=True), summary="List the plan's versions"
    )
    def get(self, request: Request, slug: str) -> Response:
        """The newest hundred, the latest first."""
        brand = _brand(request, slug)
        rows = CommunicationPlanVersion.objects.filter(plan__brand=brand)
        found = list(rows.select_related("edited_by")[:101])
        context = {
            "contents": {each.number: each.content for each in found},
            "names": reading.names({pk for each in found for pk in people(each.content)}),
        }
        return Response(CommunicationVersionOutput(found[:100], many=True, context=context).data)


class CommunicationPlanReviewView(APIView):
    @extend_schema(
        request=ReviewInput, responses=CommunicationPlanOutput, summary="Review the plan"
    )
    def post(self, request: Request, slug: str) -> Response:
        """Set the owner and the next day, or with `read` note that it was read."""
        brand, by, now = _brand(request, slug), caller(request), database_now()
        given = checked(ReviewInput, request.data)
        if given["read"]:
            keeping.mark_reviewed(brand, next_on=given["review_on"], by=by, now=now)
        else:
            owner = _person(given.get("owner"))
            keeping.set_review(brand, owner=owner, review_on=given["review_on"], by=by, now=now)
        return Response(_shown(brand))


def _person(email: str | None) -> User | None:
    """Somebody by address: the service says whether they may be what they are named for."""
    if not email:
        return None
    found = User.objects.filter(email__iexact=email).first()
    if found is None:
        raise Refused(_("%(name)s is not a member of the brand.") % {"name": email})
    return found
