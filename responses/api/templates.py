"""Prepared texts and holding statements over the API."""

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
from incidents.api_privacy import find
from incidents.enums import PlanKind
from responses import texts, variables
from responses.enums_plan import Audience
from responses.models_templates import StatementTemplate
from responses.plan import holding
from responses.services.plan import templates as services
from responses.services.plan import using

from .plan import LANGUAGE


class TemplateOutput(serializers.Serializer):
    """A template. A holding statement that is `is_ready` may be used as pre-approved.

    `variables` are the names in braces; `sha256` is of text, conditions and end: approve and use
    with it.
    """

    id = serializers.IntegerField(source="pk")
    brand = serializers.CharField(source="brand.slug")
    name = serializers.CharField()
    kind = serializers.ChoiceField(PlanKind.choices, allow_blank=True)
    audience = serializers.ChoiceField(Audience.choices)
    language = serializers.CharField()
    is_holding = serializers.BooleanField()
    version = serializers.IntegerField(source="newest.number")
    text = serializers.CharField(source="newest.text")
    void_if = serializers.ListField(child=serializers.CharField(), source="newest.void_if")
    expires_at = serializers.DateTimeField(source="newest.expires_at", allow_null=True)
    sha256 = serializers.CharField(source="newest.sha256")
    approved_by = serializers.EmailField(
        source="newest.approved_by.email", allow_null=True, default=None
    )
    approved_at = serializers.DateTimeField(source="newest.approved_at", allow_null=True)
    is_ready = serializers.SerializerMethodField()
    variables = serializers.SerializerMethodField()

    def get_is_ready(self, template: Any) -> bool:
        return holding.is_ready(template.newest, now=database_now())

    def get_variables(self, template: Any) -> list[str]:
        return variables.names(template.newest.text)


class TemplateInput(serializers.Serializer):
    """A template. `base` is the number of the version that it is written on; 0 for a new one."""

    name = serializers.CharField(max_length=120)
    text = serializers.CharField(max_length=texts.MAX_LENGTH)
    language = serializers.RegexField(LANGUAGE)
    kind = serializers.ChoiceField(PlanKind.choices, allow_blank=True, default="")
    audience = serializers.ChoiceField(Audience.choices, default=Audience.PUBLIC.value)
    is_holding = serializers.BooleanField(default=False)
    expires_at = serializers.DateTimeField(allow_null=True, default=None)
    void_if = serializers.ListField(child=serializers.CharField(), default=list)
    base = serializers.IntegerField(min_value=0, default=0)


class NewTemplateInput(TemplateInput):
    brand = serializers.SlugField()


class TemplateApproveInput(serializers.Serializer):
    sha256 = serializers.CharField(max_length=64)


class TemplateUseInput(serializers.Serializer):
    """`holds` answers each condition in its order; `ordinary` begins a draft of the usual way."""

    sha256 = serializers.CharField(max_length=64)
    values = serializers.DictField(child=serializers.CharField(max_length=200), default=dict)  # type: ignore[assignment]
    holds = serializers.ListField(child=serializers.BooleanField(), default=list)
    accounts = serializers.ListField(child=serializers.IntegerField(min_value=1), default=list)
    ordinary = serializers.BooleanField(default=False)


class TemplateUseOutput(serializers.Serializer):
    """The draft that was begun."""

    id = serializers.IntegerField(source="pk")
    incident = serializers.CharField(source="incident.reference")
    number = serializers.IntegerField()


def _shown(template: Any) -> dict[str, Any]:
    """A template of `holding.in_use` with its newest version."""
    template.newest = template.history[0]
    return dict(TemplateOutput(template).data)


def _find(request: Request, pk: int) -> StatementTemplate:
    found: StatementTemplate = get_object_or_404(holding.in_use(*caller(request).roles), pk=pk)
    return found


class TemplatesView(APIView):
    @extend_schema(responses=TemplateOutput(many=True), summary="List the statement templates")
    def get(self, request: Request) -> Response:
        """Of all brands of the caller, without those that were put away."""
        return Response([_shown(each) for each in holding.in_use(*caller(request).roles)])

    @extend_schema(
        request=NewTemplateInput,
        responses={201: TemplateOutput},
        summary="Add a statement template",
    )
    def post(self, request: Request) -> Response:
        given = checked(NewTemplateInput, request.data)
        brand = Brand.objects.visible_to(caller(request)).filter(slug=given.pop("brand")).first()
        if brand is None:
            raise Refused(_("There is no such brand."))
        given.pop("base")
        wanted = services.Prepared(**given)
        made = services.save_template(brand, wanted, by=caller(request), now=database_now())
        return Response(_shown(_find(request, made.pk)), status.HTTP_201_CREATED)


class TemplateView(APIView):
    @extend_schema(
        request=TemplateInput, responses=TemplateOutput, summary="Write a statement template"
    )
    def put(self, request: Request, pk: int) -> Response:
        """What says something else is a new version, and not approved. 409 if `base` is old."""
        found, given = _find(request, pk), checked(TemplateInput, request.data)
        base = given.pop("base")
        services.save_template(
            found.brand,
            services.Prepared(**given),
            by=caller(request),
            now=database_now(),
            template=found,
            base=base,
        )
        return Response(_shown(_find(request, pk)))

    @extend_schema(responses={204: None}, summary="Put a statement template away")
    def delete(self, request: Request, pk: int) -> Response:
        services.retire_template(_find(request, pk), by=caller(request), now=database_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TemplateApproveView(APIView):
    @extend_schema(
        request=TemplateApproveInput,
        responses=TemplateOutput,
        summary="Approve a holding statement beforehand",
    )
    def post(self, request: Request, pk: int) -> Response:
        """By somebody who may approve and wrote none of it."""
        found, given = _find(request, pk), checked(TemplateApproveInput, request.data)
        services.approve_template(
            found, sha256=given["sha256"], by=caller(request), now=database_now()
        )
        return Response(_shown(_find(request, pk)))


class TemplateUseView(APIView):
    @extend_schema(
        request=TemplateUseInput,
        responses={201: TemplateUseOutput},
        summary="Begin a draft from a template",
    )
    def post(self, request: Request, reference: str, pk: int) -> Response:
        """A holding statement of which no condition holds needs one more person, whatever the
        policy asks."""
        incident, template = find(request, reference), _find(request, pk)
        given = checked(TemplateUseInput, request.data)
        filled = using.Filled(
            given["sha256"],
            given["values"],
            given["holds"],
            given["accounts"],
            ordinary=given["ordinary"],
        )
        draft = using.use_template(
            incident, template, filled, by=caller(request), now=database_now()
        )
        return Response(TemplateUseOutput(draft).data, status.HTTP_201_CREATED)
