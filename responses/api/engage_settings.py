"""How soon a brand answers, and its library of answers, over the API."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from accounts.models import Brand
from accounts.selectors import get_brand
from core.api.checked import checked
from core.clock import database_now
from responses.models import Version
from responses.models_engage import CannedAnswer, EngageSettings
from responses.services.engage import stock
from responses.services.engage.due import settings_of
from responses.services.engage.settings import save_settings


class AnswerTimes(serializers.ModelSerializer):
    """`times` is {"1": [first, next]} in minutes by severity, 0 for no deadline; `networks` the
    same by network; `paces` answers an hour by network, when one goes to many."""

    times = serializers.DictField(child=serializers.ListField(child=serializers.IntegerField()))
    networks = serializers.DictField(child=serializers.ListField(child=serializers.IntegerField()))
    paces = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = EngageSettings
        fields = ("times", "networks", "paces")


def _brand(request: Request, slug: str) -> Brand:
    try:
        return get_brand(caller(request), slug)
    except Brand.DoesNotExist:
        raise Http404 from None


class AnswerSettings(APIView):
    """How soon people are answered."""

    @extend_schema(responses=AnswerTimes, summary="Read how soon a brand answers")
    def get(self, request: Request, slug: str) -> Response:
        return Response(AnswerTimes(settings_of(_brand(request, slug).pk)).data)

    @extend_schema(
        request=AnswerTimes, responses=AnswerTimes, summary="Replace how soon a brand answers"
    )
    def put(self, request: Request, slug: str) -> Response:
        wanted = checked(AnswerTimes, request.data)
        saved = save_settings(_brand(request, slug), **wanted, by=caller(request))
        return Response(AnswerTimes(saved).data)


class CannedOutput(serializers.ModelSerializer):
    """An answer in stock. `is_approved`: for the whole brand, as long as its bytes are these."""

    is_approved = serializers.SerializerMethodField()

    class Meta:
        model = CannedAnswer
        fields = ("id", "title", "language", "text", "sha256", "is_approved", "changed_at")
        read_only_fields = fields

    def get_is_approved(self, row: CannedAnswer) -> bool:
        return row.approved_id is not None


class CannedInput(serializers.Serializer):
    """An answer in one language; {name} stands for whom it goes to."""

    title = serializers.CharField(max_length=120)
    language = serializers.CharField(max_length=8)
    text = serializers.CharField(max_length=10_000, trim_whitespace=False)


class CannedApproval(serializers.Serializer):
    """The version whose approval is to hold for the brand: of exactly these bytes."""

    version = serializers.IntegerField(min_value=1)


class Library(APIView):
    """The answers that a brand keeps in stock."""

    @extend_schema(responses=CannedOutput(many=True), summary="Read a brand's answers in stock")
    def get(self, request: Request, slug: str) -> Response:
        return Response(CannedOutput(_rows(_brand(request, slug)), many=True).data)

    @extend_schema(
        request=CannedInput, responses={201: CannedOutput}, summary="Put an answer in stock"
    )
    def post(self, request: Request, slug: str) -> Response:
        return Response(_save(request, _brand(request, slug), None), status.HTTP_201_CREATED)


def _rows(brand: Brand) -> QuerySet[CannedAnswer]:
    return CannedAnswer.objects.filter(brand=brand)


def _save(request: Request, brand: Brand, row: CannedAnswer | None) -> dict[str, Any]:
    wanted = checked(CannedInput, request.data)
    by, now = caller(request), database_now()
    saved = stock.save_canned(brand, **wanted, by=by, now=now, canned=row)
    return dict(CannedOutput(saved).data)


class OneCanned(APIView):
    """One answer in stock."""

    @extend_schema(
        request=CannedInput, responses=CannedOutput, summary="Replace an answer in stock"
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """Other words need an approval of their own."""
        brand = _brand(request, slug)
        return Response(_save(request, brand, _canned(brand, pk)))

    @extend_schema(responses={204: None}, summary="Take an answer out of stock")
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        stock.delete_canned(_canned(_brand(request, slug), pk).pk, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _canned(brand: Brand, pk: int) -> CannedAnswer:
    found = _rows(brand).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


class ApproveCanned(APIView):
    """An approval that holds for the whole brand."""

    @extend_schema(
        request=CannedApproval,
        responses=CannedOutput,
        summary="Let the approval of the same bytes hold for the brand",
    )
    def post(self, request: Request, slug: str, pk: int) -> Response:
        row, wanted = _canned(_brand(request, slug), pk), checked(CannedApproval, request.data)
        try:
            kept = stock.keep_approval(row.pk, wanted["version"], by=caller(request))
        except Version.DoesNotExist:
            raise Http404 from None
        return Response(CannedOutput(kept).data)
