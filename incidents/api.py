"""Incidents over the API: list, read, declare, acknowledge, move; their log, read and written."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import Brand, User
from accounts.rules import allowed
from accounts.selectors import get_brand, members
from core.api.checked import checked
from core.api.pages import Keyset
from core.clock import database_now
from core.errors import Refused
from monitoring.enums import CrisisType

from . import entries, selectors, services
from .enums import EntryKind, Origin, Severity, State
from .models import Incident, TimelineEntry
from .severity import why

SAYING = {
    EntryKind.NOTE: services.add_note,
    EntryKind.DECISION: services.add_decision,
    EntryKind.UPDATE: services.add_update,
}


class IncidentOutput(serializers.ModelSerializer):
    """An incident with its clocks. Times are UTC; `escalate_at` is when the next call is made."""

    brand: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    title = serializers.CharField(read_only=True)
    lead = serializers.SerializerMethodField()
    acknowledged_by = serializers.SerializerMethodField()
    severity_reasons = serializers.SerializerMethodField()
    merged_into = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = (
            "reference",
            "brand",
            "title",
            "crisis_type",
            "origin",
            "severity",
            "severity_reasons",
            "state",
            "closed_as",
            "is_private",
            "merged_into",
            "triage_until",
            "lead",
            "began_at",
            "detected_at",
            "acknowledged_at",
            "acknowledged_by",
            "responded_at",
            "resolved_at",
            "respond_by",
            "update_by",
            "escalate_at",
        )
        read_only_fields = fields

    def get_lead(self, incident: Incident) -> str | None:
        return incident.lead.email if incident.lead else None

    def get_merged_into(self, incident: Incident) -> str | None:
        return incident.merged_into.reference if incident.merged_into else None

    def get_acknowledged_by(self, incident: Incident) -> str | None:
        return incident.acknowledged_by.email if incident.acknowledged_by else None

    def get_severity_reasons(self, incident: Incident) -> list[str]:
        return why(incident.severity_reasons)


class IncidentInput(serializers.Serializer):
    """What it takes to declare an incident. `brand` is a slug, `members` are e-mail addresses.

    A private one is seen by the caller, its members and whom its ladder calls. A suspicion calls
    nobody until somebody accepts it or its time in triage is over.
    """

    brand = serializers.SlugField()
    title = serializers.CharField(max_length=200)
    crisis_type = serializers.ChoiceField(CrisisType.choices, default=CrisisType.NONE)
    severity = serializers.ChoiceField(Severity.choices, default=Severity.SEV3)
    is_private = serializers.BooleanField(default=False)
    members = serializers.ListField(child=serializers.EmailField(), default=list, max_length=200)
    is_suspicion = serializers.BooleanField(default=False)


class FiltersInput(serializers.Serializer):
    """Which incidents are wanted."""

    shown = serializers.ChoiceField(["open", "resolved", "all"], default="all")
    brand = serializers.SlugField(required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    words = serializers.CharField(required=False, max_length=200)


class StateInput(serializers.Serializer):
    """Where to move. Going back, opening again and dismissing a suspicion need a reason."""

    state = serializers.ChoiceField(State.choices)
    reason = serializers.CharField(required=False, default="", max_length=2000, allow_blank=True)


class EntryInput(serializers.Serializer):
    """What to write. `at` is when an EVENT happened, and is for these alone."""

    kind = serializers.ChoiceField(
        [*(kind.value for kind in SAYING), EntryKind.EVENT.value], default=EntryKind.NOTE.value
    )
    text = serializers.CharField(max_length=4000)
    at = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["kind"] == EntryKind.EVENT) != ("at" in attrs):
            raise serializers.ValidationError({"at": _("An event has a time; nothing else has.")})
        return attrs


class LogInput(serializers.Serializer):
    """Which lines of the log are wanted. `person` is an e-mail address."""

    show = serializers.ChoiceField([*entries.FILTERS], required=False)
    person = serializers.EmailField(required=False)
    words = serializers.CharField(required=False, max_length=200)


class TextInput(serializers.Serializer):
    text = serializers.CharField(max_length=4000)


class PinInput(serializers.Serializer):
    pinned = serializers.BooleanField()


class EntryOutput(serializers.ModelSerializer):
    """A line of the log. `words` is what it says in the caller's language."""

    actor = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()
    corrects = serializers.SlugRelatedField[TimelineEntry](slug_field="number", read_only=True)

    class Meta:
        model = TimelineEntry
        fields = (
            "number",
            "at",
            "entered_at",
            "edited_at",
            "kind",
            "actor",
            "params",
            "words",
            "corrects",
            "pinned_at",
        )
        read_only_fields = fields

    def get_actor(self, entry: TimelineEntry) -> str | None:
        return entry.actor.email if entry.actor else None

    def get_words(self, entry: TimelineEntry) -> str:
        actor = str(entry.actor) if entry.actor else ""
        return entries.words(entry.kind, entry.params, actor=actor, text=entry.text)


class ByNumber(Keyset):
    ordering = ("-number",)


def require(request: Request, permission: Permission, brand: Brand) -> None:
    """Refuse with 403 who sees the brand but may not do this in it."""
    if not allowed(caller(request), permission, brand):
        raise PermissionDenied


def _private_to(brand: Brand, wanted: dict[str, Any]) -> list[User] | None:
    """Whom a private incident is declared to; None for one that the whole brand sees."""
    if not wanted["is_private"]:
        return None
    found = list(members(brand).filter(email__in=wanted["members"]))
    missing = set(wanted["members"]) - {each.email for each in found}
    if missing:
        raise Refused(_("%(name)s is not a member of the brand.") % {"name": min(missing)})
    return found


@extend_schema_view(
    list=extend_schema(parameters=[FiltersInput], summary="List incidents"),
    retrieve=extend_schema(summary="Read an incident"),
)
class IncidentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Incident]
):
    """The incidents of the caller's brands, by reference."""

    serializer_class = IncidentOutput
    queryset = Incident.objects.none()
    lookup_field = "reference"
    lookup_value_regex = "[A-Za-z0-9-]+"

    def get_queryset(self) -> QuerySet[Incident]:
        wanted: dict[str, Any] = {"shown": "all"}
        if self.action == "list":
            wanted = checked(FiltersInput, self.request.query_params)
        brands = Brand.objects.visible_to(caller(self.request)).filter(slug=wanted.get("brand"))
        filters = selectors.Filters(
            shown=wanted["shown"],
            # A brand that one may not see is one without incidents.
            brands=[*brands.values_list("pk", flat=True)] or [0] if "brand" in wanted else [],
            severities=[wanted["severity"]] if "severity" in wanted else [],
            words=wanted.get("words", ""),
        )
        return selectors.listing(caller(self.request), filters).select_related(
            "acknowledged_by", "merged_into"
        )

    @extend_schema(
        request=IncidentInput, responses={201: IncidentOutput}, summary="Declare an incident"
    )
    def create(self, request: Request) -> Response:
        wanted = checked(IncidentInput, request.data)
        brand = get_brand(caller(request), wanted["brand"])
        require(request, Permission.OPEN_INCIDENT, brand)
        now = database_now()
        incident = services.open_incident(
            brand,
            title=wanted["title"],
            crisis_type=wanted["crisis_type"],
            severity=wanted["severity"],
            severity_reasons=[{"code": "person", "name": str(caller(request))}],
            origin=Origin.PERSON,
            by=caller(request),
            private_to=_private_to(brand, wanted),
            triage_until=services.suspicion_end(brand, now=now) if wanted["is_suspicion"] else None,
            began_at=now,
            now=now,
        )
        return Response(IncidentOutput(incident).data, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=IncidentOutput, summary="Answer the call")
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, reference: str) -> Response:
        incident = self._run(request)
        done = services.acknowledge(incident.pk, by=caller(request), now=database_now())
        return Response(IncidentOutput(done).data)

    @extend_schema(request=StateInput, responses=IncidentOutput, summary="Move to a state")
    @action(detail=True, methods=["post"])
    def state(self, request: Request, reference: str) -> Response:
        incident = self._run(request)
        wanted = checked(StateInput, request.data)
        done = services.change_state(
            incident.pk,
            wanted["state"],
            by=caller(request),
            reason=wanted["reason"],
            now=database_now(),
        )
        return Response(IncidentOutput(done).data)

    @extend_schema(
        parameters=[LogInput],
        responses=EntryOutput(many=True),
        summary="Read the log, newest first",
    )
    @action(detail=True, methods=["get"], pagination_class=ByNumber, filter_backends=[])
    def timeline(self, request: Request, reference: str) -> Response:
        wanted = checked(LogInput, request.query_params)
        log: Any = selectors.matching(
            self.get_object(),
            selectors.Wanted(show=wanted.get("show", ""), words=wanted.get("words", "")),
        ).select_related("actor", "corrects")
        if "person" in wanted:
            log = log.filter(actor__email__iexact=wanted["person"])
        page = self.paginate_queryset(log)
        return self.get_paginated_response(EntryOutput(page, many=True).data)

    @extend_schema(request=EntryInput, responses={201: EntryOutput}, summary="Write to the log")
    @timeline.mapping.post
    def write(self, request: Request, reference: str) -> Response:
        incident = self._write()
        wanted = checked(EntryInput, request.data)
        by, text, now = caller(request), wanted["text"], database_now()
        if wanted["kind"] == EntryKind.EVENT:
            entry = services.add_event(incident.pk, by=by, text=text, at=wanted["at"], now=now)
        else:
            say = SAYING[EntryKind(wanted["kind"])]
            entry = say(incident.pk, by=by, text=text, now=now)
        return Response(EntryOutput(entry).data, status.HTTP_201_CREATED)

    @extend_schema(request=TextInput, responses=EntryOutput, summary="Edit one's own line")
    @action(detail=True, methods=["patch"], url_path="timeline/(?P<number>[0-9]{1,9})")
    def edit(self, request: Request, reference: str, number: str) -> Response:
        incident, text = self._write(), checked(TextInput, request.data)["text"]
        return self._mended(
            lambda: services.edit_entry(
                incident.pk, int(number), text=text, by=caller(request), now=database_now()
            )
        )

    @extend_schema(request=TextInput, responses={201: EntryOutput}, summary="Correct a line")
    @action(detail=True, methods=["post"], url_path="timeline/(?P<number>[0-9]{1,9})/correct")
    def correct(self, request: Request, reference: str, number: str) -> Response:
        incident, text = self._write(), checked(TextInput, request.data)["text"]
        response = self._mended(
            lambda: services.correct_entry(
                incident.pk, int(number), text=text, by=caller(request), now=database_now()
            )
        )
        response.status_code = status.HTTP_201_CREATED
        return response

    @extend_schema(request=PinInput, responses=EntryOutput, summary="Pin a line or take it down")
    @action(detail=True, methods=["post"], url_path="timeline/(?P<number>[0-9]{1,9})/pin")
    def pin(self, request: Request, reference: str, number: str) -> Response:
        incident, by = self._write(), caller(request)
        if checked(PinInput, request.data)["pinned"]:
            return self._mended(
                lambda: services.pin_entry(incident.pk, int(number), by=by, now=database_now())
            )
        return self._mended(lambda: services.unpin_entry(incident.pk, int(number), by=by))

    def _mended(self, mend: Callable[[], TimelineEntry]) -> Response:
        try:
            return Response(EntryOutput(mend()).data)
        except TimelineEntry.DoesNotExist:
            raise Http404 from None

    def _write(self) -> Incident:
        incident = self.get_object()
        require(self.request, Permission.WRITE_TIMELINE, incident.brand)
        return incident

    def _run(self, request: Request) -> Incident:
        incident = self.get_object()
        require(request, Permission.RUN_INCIDENT, incident.brand)
        return incident
