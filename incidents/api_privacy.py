"""Who sees an incident, and what becomes of a suspicion, over the API."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import administered, members
from core.api.checked import checked
from core.clock import database_now
from core.errors import Refused

from . import selectors, services
from .enums import Joined, Severity, State
from .models import Incident
from .models_cases import IncidentMember


def find(request: Request, reference: str, permission: Permission | None = None) -> Incident:
    """Return the incident: 404 alike for a missing and an invisible one, 403 without the right."""
    incident = selectors.get_incident(caller(request), reference)
    if permission and not allowed(caller(request), permission, incident.brand_id):
        raise PermissionDenied
    return incident


def person(incident: Incident, email: str) -> User:
    """Return the member of the incident's brand with this address; Refused without one."""
    found = members(incident.brand_id).filter(email__iexact=email).first()
    if found is None:
        raise Refused(_("%(name)s is not a member of the brand.") % {"name": email})
    return found


class MemberOutput(serializers.Serializer):
    """Somebody who sees a private incident, and how they came to."""

    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    joined = serializers.ChoiceField(Joined.choices)
    since = serializers.DateTimeField()


class PrivacyOutput(serializers.Serializer):
    """`members` is empty where everybody of the brand sees the incident."""

    is_private = serializers.BooleanField()
    members = MemberOutput(many=True)


class PrivacyInput(serializers.Serializer):
    """Who shall see it: `members` are e-mail addresses. The caller and the lead always do."""

    is_private = serializers.BooleanField()
    members = serializers.ListField(child=serializers.EmailField(), default=list, max_length=200)
    reason = serializers.CharField(max_length=2000)


class MemberInput(serializers.Serializer):
    email = serializers.EmailField()
    reason = serializers.CharField(max_length=2000)


class ReasonInput(serializers.Serializer):
    reason = serializers.CharField(max_length=2000)


class SealedOutput(serializers.Serializer):
    """A private incident as its brand's administrators know of it: no name, no content."""

    reference = serializers.CharField()
    brand = serializers.SlugField(source="brand.slug")
    severity = serializers.ChoiceField(Severity.choices)
    state = serializers.ChoiceField(State.choices)
    detected_at = serializers.DateTimeField()


def _shown(incident: Incident) -> Response:
    inside: list[IncidentMember] = []
    if incident.is_private:
        inside = list(selectors.memberships(incident))
    return Response(PrivacyOutput({"is_private": incident.is_private, "members": inside}).data)


class PrivacyView(APIView):
    @extend_schema(responses=PrivacyOutput, summary="Read who sees an incident")
    def get(self, request: Request, reference: str) -> Response:
        return _shown(find(request, reference))

    @extend_schema(
        request=PrivacyInput, responses=PrivacyOutput, summary="Make an incident private or public"
    )
    def put(self, request: Request, reference: str) -> Response:
        incident = find(request, reference, Permission.RUN_INCIDENT)
        wanted = checked(PrivacyInput, request.data)
        by, now, reason = caller(request), database_now(), wanted["reason"]
        if not wanted["is_private"]:
            return _shown(services.make_public(incident.pk, by=by, reason=reason, now=now))
        people = [person(incident, email) for email in wanted["members"]]
        return _shown(
            services.make_private(incident.pk, people=people, by=by, reason=reason, now=now)
        )


class MembersView(APIView):
    @extend_schema(
        request=MemberInput, responses=PrivacyOutput, summary="Let somebody into a private incident"
    )
    def post(self, request: Request, reference: str) -> Response:
        return _shown(_change(request, reference, services.add_member))


class MemberRemovalView(APIView):
    @extend_schema(request=MemberInput, responses={204: None}, summary="Take somebody out of it")
    def post(self, request: Request, reference: str) -> Response:
        _change(request, reference, services.remove_member)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _change(request: Request, reference: str, deed: Any) -> Incident:
    incident = find(request, reference, Permission.RUN_INCIDENT)
    wanted = checked(MemberInput, request.data)
    someone = person(incident, wanted["email"])
    changed: Incident = deed(
        incident.pk, someone, by=caller(request), reason=wanted["reason"], now=database_now()
    )
    return changed


class SealedView(APIView):
    @extend_schema(
        responses=SealedOutput(many=True),
        summary="List the private incidents that an administrator is no member of",
    )
    def get(self, request: Request) -> Response:
        who = caller(request)
        found = selectors.sealed(administered(who), user=who)[:200]
        return Response(SealedOutput(found, many=True).data)


class SealedOpeningView(APIView):
    @extend_schema(
        request=ReasonInput, responses=PrivacyOutput, summary="Open one, told to every member"
    )
    def post(self, request: Request, reference: str) -> Response:
        who = caller(request)
        incident = selectors.sealed(administered(who), user=who).get(reference=reference)
        reason = checked(ReasonInput, request.data)["reason"]
        done = services.open_sealed(incident.pk, by=who, reason=reason, now=database_now())
        return _shown(done)
