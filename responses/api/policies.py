"""Approval policies over the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.enums import Role
from accounts.http import caller
from accounts.models import Brand
from core.api.checked import checked
from core.api.pages import Keyset
from core.errors import Refused
from incidents.enums import IncidentRole, Severity
from responses import services
from responses.enums import Risk, StepMode
from responses.models_policy import ApprovalPolicy
from responses.services.policies import LONGEST_LASTS, LONGEST_WAIT, MOST_PEOPLE, MOST_STEPS, Wanted


def _ids(**more: Any) -> serializers.ListField:
    child = serializers.IntegerField(min_value=1)
    return serializers.ListField(child=child, max_length=MOST_PEOPLE, default=list, **more)


class ApprovalStepShape(serializers.Serializer):
    """One step. `people` and `deputies` are ids; `wait` is in seconds, 0 for no limit.

    `beside`: asked together with the step before.
    """

    name = serializers.CharField(max_length=80)
    mode = serializers.ChoiceField(StepMode.choices, default=StepMode.ANY.value)
    people = _ids()
    crew = serializers.ListField(child=serializers.ChoiceField(IncidentRole.choices), default=list)
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices), default=list)
    deputies = _ids()
    wait = serializers.IntegerField(min_value=0, max_value=LONGEST_WAIT, default=0)
    beside = serializers.BooleanField(default=False)


class ApprovalConditions(serializers.Serializer):
    """When the policy is taken: from a severity up, through any of these, with any of these."""

    severity = serializers.ChoiceField(Severity.choices, required=False)
    networks = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    accounts = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)
    risks = serializers.ListField(child=serializers.ChoiceField(Risk.choices), required=False)


class ApprovalPolicyInput(serializers.Serializer):
    """A policy. `lasts` is how many seconds an approval is good for, 0 for ever; `glass` are the
    ids of who may publish in an emergency, two of them together."""

    brand = serializers.SlugField(max_length=60)
    name = serializers.CharField(max_length=120)
    only = ApprovalConditions(required=False)
    steps = ApprovalStepShape(many=True)
    lasts = serializers.IntegerField(min_value=0, max_value=LONGEST_LASTS, default=0)
    glass = _ids()

    def validate_steps(self, steps: list[Any]) -> list[Any]:
        if not 1 <= len(steps) <= MOST_STEPS:
            raise serializers.ValidationError(
                _("A policy has one to %(most)d steps.") % {"most": MOST_STEPS}
            )
        return steps


class ApprovalPolicyOutput(serializers.ModelSerializer):
    """A policy as it is tried: the lowest position first."""

    brand = serializers.SlugField(source="brand.slug", read_only=True)
    only = ApprovalConditions(read_only=True)
    steps = ApprovalStepShape(many=True, read_only=True)
    glass = serializers.ListField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = ApprovalPolicy
        fields = (
            *("id", "brand", "name", "position", "only", "steps", "lasts", "glass", "version"),
        )
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(summary="List approval policies"),
    retrieve=extend_schema(summary="Read an approval policy"),
)
class ApprovalPolicyViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ApprovalPolicy]
):
    """Who has to approve what, of the caller's brands."""

    serializer_class = ApprovalPolicyOutput
    queryset = ApprovalPolicy.objects.none()
    pagination_class = Keyset
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ApprovalPolicy]:
        rows = ApprovalPolicy.objects.visible_to(caller(self.request))
        return rows.select_related("brand").order_by("pk")

    @extend_schema(
        request=ApprovalPolicyInput,
        responses={201: ApprovalPolicyOutput},
        summary="Add an approval policy",
    )
    def create(self, request: Request) -> Response:
        brand, wanted = self._wanted(request)
        saved = services.save_policy(brand, wanted, by=caller(request))
        return Response(ApprovalPolicyOutput(saved).data, status.HTTP_201_CREATED)

    @extend_schema(
        request=ApprovalPolicyInput,
        responses=ApprovalPolicyOutput,
        summary="Replace an approval policy",
    )
    def update(self, request: Request, pk: str) -> Response:
        """Drafts that wait keep the copy that they were submitted with."""
        found = self.get_object()
        _brand, wanted = self._wanted(request)
        saved = services.save_policy(found.brand, wanted, by=caller(request), policy=found)
        return Response(ApprovalPolicyOutput(saved).data)

    @extend_schema(responses={204: None}, summary="Delete an approval policy")
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_policy(self.get_object(), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _wanted(self, request: Request) -> tuple[Brand, Wanted]:
        given = checked(ApprovalPolicyInput, request.data)
        brand = Brand.objects.visible_to(caller(request)).filter(slug=given.pop("brand")).first()
        if brand is None:
            raise Refused(_("There is no such brand."))
        return brand, Wanted(**given)
