"""Crisis plans over the API: read, begun, written, published, compared, reviewed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import Brand
from accounts.rules import allowed
from accounts.selectors import get_brand
from core.api.checked import checked
from core.clock import database_now

from . import plan_diff, plan_shape
from .enums import PlanKind, PlanState
from .models_plan import CrisisPlan, PlanVersion
from .selectors import plans as selectors
from .selectors.plan_practice import practice
from .services import plans

LANGUAGES = ["en", "da"]


class CrisisPlanOutput(serializers.ModelSerializer):
    """A plan. `version` is what new incidents run on, null before the first publication."""

    brand: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    owner: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)
    reviewed_by: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)
    version = serializers.SerializerMethodField()
    has_draft = serializers.SerializerMethodField()
    is_stale = serializers.SerializerMethodField()

    class Meta:
        model = CrisisPlan
        fields = ("id", "brand", "kind", "name", "language", "owner", "version", "has_draft",
                  "reviewed_at", "reviewed_by", "is_stale")  # fmt: skip
        read_only_fields = fields

    def get_version(self, plan: CrisisPlan) -> int | None:
        live = selectors.published(plan)
        return live.number if live else None

    def get_has_draft(self, plan: CrisisPlan) -> bool:
        return plan.versions.filter(state=PlanState.DRAFT).exists()

    def get_is_stale(self, plan: CrisisPlan) -> bool:
        return selectors.is_stale(plan, now=database_now())


class CrisisPlanInput(serializers.Serializer):
    """A plan to be begun from the ready one of its kind; an own kind needs a name."""

    brand = serializers.SlugField()
    kind = serializers.ChoiceField(PlanKind.choices)
    language = serializers.ChoiceField(LANGUAGES, default="en")
    name = serializers.CharField(max_length=120, default="", allow_blank=True)


class PlanVersionOutput(serializers.ModelSerializer):
    """What a version says; `changes` tells in words what differs from the one before."""

    published_by: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)
    changes = serializers.SerializerMethodField()
    bases = serializers.SerializerMethodField()

    class Meta:
        model = PlanVersion
        fields = ("number", "state", "note", "edited_at", "published_at", "published_by",
                  "content", "changes", "bases")  # fmt: skip
        read_only_fields = fields

    def get_changes(self, version: PlanVersion) -> list[str]:
        before = version.plan.versions.filter(number__lt=version.number).order_by("-number").first()
        return plan_diff.differences(before.content, version.content) if before else []

    def get_bases(self, version: PlanVersion) -> dict[str, str]:
        """For each section what a writer sends back, so that nobody's change is overwritten."""
        return {name: plans.digest(version.content, name) for name in plan_shape.SECTIONS}


class PlanSectionInput(serializers.Serializer):
    """A section of the draft. `values` has all its parts; `base` is from the version's `bases`."""

    section = serializers.ChoiceField(list(plan_shape.SECTIONS))
    values = serializers.DictField()
    base = serializers.CharField(max_length=64)


class PublishInput(serializers.Serializer):
    note = serializers.CharField(max_length=300, default="", allow_blank=True)


def find(request: Request, pk: int, permission: Permission | None = None) -> CrisisPlan:
    """Return the plan: 404 alike for a missing and an invisible one, 403 without the right."""
    visible = CrisisPlan.objects.visible_to(caller(request))
    plan: CrisisPlan = visible.select_related("brand", "owner", "reviewed_by").get(pk=pk)
    if permission and not allowed(caller(request), permission, plan.brand_id):
        raise PermissionDenied
    return plan


class PlansView(APIView):
    @extend_schema(responses=CrisisPlanOutput(many=True), summary="List crisis plans",
                   operation_id="plans_list")  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(CrisisPlanOutput(selectors.visible(caller(request)), many=True).data)

    @extend_schema(
        request=CrisisPlanInput,
        responses={201: CrisisPlanOutput},
        summary="Begin a plan from a ready one",
    )
    def post(self, request: Request) -> Response:
        wanted = checked(CrisisPlanInput, request.data)
        brand: Brand = get_brand(caller(request), wanted["brand"])
        if not allowed(caller(request), Permission.WRITE_PLANS, brand):
            raise PermissionDenied
        asked = plans.Wanted(PlanKind(wanted["kind"]), wanted["language"], wanted["name"])
        made = plans.create_plan(brand, asked, by=caller(request), now=database_now())
        return Response(CrisisPlanOutput(made).data, status.HTTP_201_CREATED)


class PlanView(APIView):
    @extend_schema(responses=CrisisPlanOutput, summary="Read a plan")
    def get(self, request: Request, pk: int) -> Response:
        return Response(CrisisPlanOutput(find(request, pk)).data)

    @extend_schema(
        request=PlanSectionInput,
        responses=PlanVersionOutput,
        summary="Write a section",
    )
    def patch(self, request: Request, pk: int) -> Response:
        """409 if somebody else has changed the section: read the draft again, then decide."""
        plan = find(request, pk, Permission.WRITE_PLANS)
        wanted = checked(PlanSectionInput, request.data)
        current = selectors.latest(plan).content
        parts = plan_shape.SECTIONS[wanted["section"]]
        values = {name: wanted["values"].get(name, current[name]) for name in parts}
        draft = plans.save_section(
            plan.pk, wanted["section"], values, base=wanted["base"], by=caller(request),
            now=database_now(),
        )  # fmt: skip
        return Response(PlanVersionOutput(draft).data)


class PracticeOutput(serializers.Serializer):
    """Of the incidents of 90 days that the caller may see, by the plan's newest version."""

    applied = serializers.IntegerField()
    severities = serializers.DictField(child=serializers.IntegerField())
    differing = serializers.IntegerField(help_text="Judged otherwise than the matrix would.")
    tasks = serializers.DictField(child=serializers.IntegerField(), help_text="By a task's key.")
    last_drilled_at = serializers.DateTimeField(allow_null=True)


class PlanPracticeView(APIView):
    @extend_schema(responses=PracticeOutput, summary="How often a plan would have applied")
    def get(self, request: Request, pk: int) -> Response:
        plan, user = find(request, pk), caller(request)
        found = practice(plan, selectors.latest(plan).content, user, now=database_now())
        severities = {str(level.value): count for level, count in found.severities}
        drilled = found.drill.started_at if found.drill else None
        told = {
            "applied": found.applied,
            "severities": severities,
            "differing": found.differing,
            "tasks": found.tasks,
            "last_drilled_at": drilled,
        }
        return Response(PracticeOutput(told).data)


class PlanVersionsView(APIView):
    @extend_schema(responses=PlanVersionOutput(many=True), summary="Read a plan's versions")
    def get(self, request: Request, pk: int) -> Response:
        rows = find(request, pk).versions.select_related("plan", "published_by")
        return Response(PlanVersionOutput(rows, many=True).data)


class PlanPublishView(APIView):
    @extend_schema(
        request=PublishInput, responses=PlanVersionOutput, summary="Publish a plan's draft"
    )
    def post(self, request: Request, pk: int) -> Response:
        plan = find(request, pk, Permission.WRITE_PLANS)
        note = checked(PublishInput, request.data)["note"]
        done = plans.publish(plan.pk, note=note, by=caller(request), now=database_now())
        return Response(PlanVersionOutput(done).data)


class PlanReviewView(APIView):
    @extend_schema(
        request=None, responses=CrisisPlanOutput, summary="Note that a plan was reviewed"
    )
    def post(self, request: Request, pk: int) -> Response:
        plan = find(request, pk, Permission.WRITE_PLANS)
        done = plans.mark_reviewed(plan.pk, by=caller(request), now=database_now())
        return Response(CrisisPlanOutput(done).data)
