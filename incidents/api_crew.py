"""Over the API: who holds which role, the tasks, and the plan that an incident runs on."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from core.api.checked import checked
from core.clock import database_now

from . import matrix, services
from .api_privacy import find, person
from .enums import Axis, IncidentRole
from .models import Incident, Task
from .selectors.crew import Seat, seats
from .selectors.plans import offers, targets
from .services import plan_running, roles


class SeatOutput(serializers.Serializer):
    """A role. `missing`: the plan asks for it and nobody holds it. Times in seconds."""

    role = serializers.ChoiceField(IncidentRole.choices)
    asked = serializers.BooleanField()
    missing = serializers.BooleanField()
    duty = serializers.CharField()
    holder = serializers.SerializerMethodField()
    deputy = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField()
    held_seconds = serializers.FloatField()
    worked_seconds = serializers.FloatField(source="strain.worked")
    night_calls = serializers.IntegerField(source="strain.nights")
    overdue = serializers.BooleanField()
    suggested = serializers.SerializerMethodField()

    def get_holder(self, seat: Seat) -> str | None:
        return seat.held.user.email if seat.held else None

    def get_deputy(self, seat: Seat) -> str | None:
        return seat.deputy.user.email if seat.deputy else None

    def get_note(self, seat: Seat) -> str:
        return seat.held.note if seat.held else ""

    def get_suggested(self, seat: Seat) -> list[str]:
        return [each.user.email for each in seat.suggested]


class SeatInput(serializers.Serializer):
    """Who gets the role; `person` is an e-mail address, empty relieves whoever holds it."""

    role = serializers.ChoiceField(IncidentRole.choices)
    person = serializers.EmailField(required=False, default="", allow_blank=True)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    is_deputy = serializers.BooleanField(default=False)


class TaskOutput(serializers.ModelSerializer):
    owner: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)
    done_by: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)

    class Meta:
        model = Task
        fields = ("id", "title", "detail", "role", "owner", "due_at", "created_at", "done_at",
                  "done_by", "note")  # fmt: skip
        read_only_fields = fields


class TaskInput(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    owner = serializers.EmailField(required=False, default="", allow_blank=True)
    due_at = serializers.DateTimeField(required=False, default=None, allow_null=True)


class TaskChangeInput(serializers.Serializer):
    """Only what is given changes. `owner` is an e-mail address, empty for nobody."""

    owner = serializers.EmailField(required=False, allow_blank=True)
    due_at = serializers.DateTimeField(required=False, allow_null=True)
    done = serializers.BooleanField(required=False)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=1000)


class AxisOutput(serializers.Serializer):
    axis = serializers.ChoiceField(Axis.choices)
    points = serializers.IntegerField()
    finding = serializers.CharField()
    by = serializers.CharField()
    why = serializers.CharField()


class OfferOutput(serializers.Serializer):
    """A published version that the incident could run on; `newer`: of its own plan."""

    id = serializers.IntegerField(source="version.pk")
    plan = serializers.CharField(source="version.plan.name")
    number = serializers.IntegerField(source="version.number")
    newer = serializers.BooleanField()


class IncidentPlanOutput(serializers.Serializer):
    """The incident's copy of its plan, its scores, and what would make it SEV1."""

    plan = serializers.DictField(allow_null=True)
    personal_data = serializers.BooleanField()
    targets = serializers.DictField()
    axes = AxisOutput(many=True)
    points = serializers.IntegerField()
    severity_by_matrix = serializers.IntegerField()
    to_sev1 = serializers.ListField(child=serializers.CharField())
    offers = OfferOutput(many=True)


class IncidentPlanInput(serializers.Serializer):
    """`version` is an id from `offers`."""

    version = serializers.IntegerField(required=False)
    personal_data = serializers.BooleanField(required=False)


class ScoreInput(serializers.Serializer):
    axis = serializers.ChoiceField(Axis.choices)
    points = serializers.IntegerField(min_value=0, max_value=2)
    why = serializers.CharField(max_length=300)


def _seats(request: Request, incident: Incident) -> Response:
    rows = seats(incident, caller(request), now=database_now())
    return Response(SeatOutput(rows, many=True).data)


class RolesView(APIView):
    @extend_schema(responses=SeatOutput(many=True), summary="Read who holds which role")
    def get(self, request: Request, reference: str) -> Response:
        return _seats(request, find(request, reference))

    @extend_schema(
        request=SeatInput,
        responses=SeatOutput(many=True),
        summary="Give or leave a role",
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        wanted = checked(SeatInput, request.data)
        by, now, deputy = caller(request), database_now(), wanted["is_deputy"]
        if wanted["person"]:
            user = person(incident, wanted["person"])
            note = wanted["note"]
            roles.assign(
                incident.pk, wanted["role"], user, by=by, note=note, is_deputy=deputy, now=now
            )
        else:
            roles.release(incident.pk, wanted["role"], by=by, is_deputy=deputy, now=now)
        return _seats(request, find(request, reference))


class TasksView(APIView):
    @extend_schema(responses=TaskOutput(many=True), summary="List an incident's tasks")
    def get(self, request: Request, reference: str) -> Response:
        rows = find(request, reference).tasks.select_related("owner", "done_by")
        return Response(TaskOutput(rows, many=True).data)

    @extend_schema(request=TaskInput, responses={201: TaskOutput}, summary="Add a task")
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        wanted = checked(TaskInput, request.data)
        task = services.add_task(
            incident.pk,
            title=wanted["title"],
            owner=person(incident, wanted["owner"]) if wanted["owner"] else None,
            due_at=wanted["due_at"],
            by=caller(request),
            now=database_now(),
        )
        return Response(TaskOutput(task).data, status.HTTP_201_CREATED)


class TaskView(APIView):
    @extend_schema(
        request=TaskChangeInput, responses=TaskOutput, summary="Give, move, finish or reopen a task"
    )
    def patch(self, request: Request, reference: str, pk: int) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        wanted = checked(TaskChangeInput, request.data)
        who: dict[str, Any] = {"by": caller(request), "now": database_now()}
        if wanted.get("done") is False:
            services.reopen_task(incident.pk, pk, **who)
        if "owner" in wanted:
            owner = person(incident, wanted["owner"]) if wanted["owner"] else None
            services.assign_task(incident.pk, pk, owner, **who)
        if "due_at" in wanted:
            services.move_task(incident.pk, pk, wanted["due_at"], **who)
        if wanted.get("done"):
            services.finish_task(incident.pk, pk, note=wanted["note"], **who)
        task = incident.tasks.select_related("owner", "done_by").get(pk=pk)
        return Response(TaskOutput(task).data)


class TaskClaimView(APIView):
    @extend_schema(request=None, responses=TaskOutput, summary="Take a task that nobody has")
    def post(self, request: Request, reference: str, pk: int) -> Response:
        incident = find(request, reference, Permission.WRITE_TIMELINE)
        task = services.claim_task(incident.pk, pk, by=caller(request), now=database_now())
        return Response(TaskOutput(task).data)


def _plan(incident: Incident) -> Response:
    used = plan_running.matrix_of(incident)
    scores = incident.scores or matrix.score(matrix.Figures(kind=incident.crisis_type), used)
    shown = {
        "plan": incident.plan,
        "personal_data": incident.personal_data,
        "targets": targets(incident),
        "axes": matrix.rows(scores, used),
        "points": matrix.total(scores),
        "severity_by_matrix": int(matrix.level(scores, used)),
        "to_sev1": matrix.way_to(1, scores, used).ways,
        "offers": offers(incident),
    }
    return Response(IncidentPlanOutput(shown).data)


class IncidentPlanView(APIView):
    @extend_schema(responses=IncidentPlanOutput, summary="Read the plan that an incident runs on")
    def get(self, request: Request, reference: str) -> Response:
        return _plan(find(request, reference))

    @extend_schema(
        request=IncidentPlanInput, responses=IncidentPlanOutput, summary="Move to another version"
    )
    def patch(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        wanted = checked(IncidentPlanInput, request.data)
        who: dict[str, Any] = {"by": caller(request), "now": database_now()}
        if "version" in wanted:
            plan_running.adopt(incident.pk, wanted["version"], **who)
        if "personal_data" in wanted:
            plan_running.set_personal_data(incident.pk, wanted["personal_data"], **who)
        return _plan(find(request, reference))


class ScoreView(APIView):
    @extend_schema(
        request=ScoreInput, responses=IncidentPlanOutput, summary="Score an axis by hand"
    )
    def post(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        wanted = checked(ScoreInput, request.data)
        done = plan_running.score_axis(
            incident.pk, wanted["axis"], wanted["points"], by=caller(request), why=wanted["why"],
            now=database_now(),
        )  # fmt: skip
        return _plan(done)
