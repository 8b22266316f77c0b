"""Rotas over the API: who is on duty, schedules, covers, swaps, absences, notes, calendars."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.enums import Permission
from accounts.http import caller
from accounts.models import Brand, User
from accounts.rules import require
from accounts.selectors import get_brand, members, visible_brands
from core.api.checked import checked
from core.clock import database_now
from core.errors import Refused

from . import rotation
from .api_rota_shapes import (
    AbsenceInput,
    AbsenceOutput,
    DutyHandOverInput,
    DutyHandOverOutput,
    FeedInput,
    FeedOutput,
    MomentInput,
    OnDutyOutput,
    OthersAbsenceOutput,
    OverrideInput,
    OverrideOutput,
    PlanInput,
    RotaOutput,
    ScheduleInput,
    ScheduleOutput,
    SwapInput,
    SwapOutput,
    plan_of,
)
from .models_rota import CalendarFeed, Override, Rota, Swap
from .selectors import duty, schedule
from .services import calendar_feeds, covers, hand_over, rotas, swaps
from .services.covers import Part

LONGEST = timedelta(days=190)
MADE = status.HTTP_201_CREATED
GONE = status.HTTP_204_NO_CONTENT


class OnCallView(APIView):
    """Who is on duty at a moment."""

    @extend_schema(
        parameters=[MomentInput], responses=OnDutyOutput(many=True), summary="Who is on duty at …"
    )
    def get(self, request: Request) -> Response:
        wanted = checked(MomentInput, request.query_params)
        brands = {brand.pk: brand for brand in visible_brands(caller(request))}
        if "brand" in wanted:
            brands = {pk: each for pk, each in brands.items() if each.slug == wanted["brand"]}
        at = wanted.get("at") or database_now()
        found = duty.duties_at(brands, at, duty.able_people(brands))
        rows = [
            {
                "brand": brands[each.brand_id].slug,
                "rota": each.rota,
                "line": each.number,
                "line_name": each.line_name,
                "person": each.user.email,
                "how": each.how,
            }
            for each in found
        ]
        return Response(OnDutyOutput(rows, many=True).data)


@extend_schema_view(
    list=extend_schema(responses=RotaOutput(many=True), summary="List rotas"),
    retrieve=extend_schema(responses=RotaOutput, summary="Read a rota"),
)
class RotaViewSet(viewsets.ViewSet):
    """Rotas of the caller's brands. What a rota is made of is its `plan`."""

    lookup_value_regex = "[0-9]{1,18}"
    serializer_class = RotaOutput

    def list(self, request: Request) -> Response:
        rows = [_rota(each) for each in schedule.rotas_of(caller(request))]
        return Response({"results": RotaOutput(rows, many=True).data})

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(RotaOutput(_rota(_find(request, pk))).data)

    @extend_schema(request=PlanInput, responses={201: RotaOutput}, summary="Make a rota")
    def create(self, request: Request) -> Response:
        wanted = checked(PlanInput, request.data)
        if "brand" not in wanted:
            raise serializers.ValidationError({"brand": ["This field is required."]})
        brand = get_brand(caller(request), wanted["brand"])
        made = _save(request, brand, None, wanted)
        return Response(RotaOutput(_rota(made)).data, MADE)

    @extend_schema(request=PlanInput, responses=RotaOutput, summary="Change a rota from now on")
    def update(self, request: Request, pk: str) -> Response:
        rota = _find(request, pk)
        made = _save(request, rota.brand, rota, checked(PlanInput, request.data))
        return Response(RotaOutput(_rota(made)).data)

    @extend_schema(responses={204: None}, summary="Give a rota up; its past stays")
    def destroy(self, request: Request, pk: str) -> Response:
        rota = _find(request, pk)
        require(caller(request), Permission.MANAGE_BRAND, rota.brand)
        rotas.archive_rota(rota.pk, by=caller(request), now=database_now())
        return Response(status=GONE)

    @extend_schema(
        parameters=[ScheduleInput], responses=ScheduleOutput, summary="Duties and gaps over a time"
    )
    @action(detail=True, methods=["get"])
    def schedule(self, request: Request, pk: str) -> Response:
        rota, now = _find(request, pk), database_now()
        wanted = checked(ScheduleInput, request.query_params)
        since = wanted.get("since") or now
        until = wanted.get("until") or since + timedelta(weeks=4)
        if not since < until <= since + LONGEST:
            raise serializers.ValidationError(
                {"until": [f"Ask for up to {LONGEST.days} days from `since` on."]}
            )
        return Response(ScheduleOutput(_schedule(rota, since, until, now)).data)

    @extend_schema(responses=OverrideOutput(many=True), summary="Covers that are not over")
    @action(detail=True, methods=["get"])
    def overrides(self, request: Request, pk: str) -> Response:
        rows = schedule.coming_overrides(_find(request, pk), now=database_now())
        return Response({"results": OverrideOutput(rows, many=True).data})

    @extend_schema(
        request=OverrideInput,
        responses={201: OverrideOutput},
        summary="Put somebody on a line for some time",
        description="Who may not manage the brand takes a duty over for themselves only.",
    )
    @overrides.mapping.post
    def cover(self, request: Request, pk: str) -> Response:
        rota, wanted = _find(request, pk), checked(OverrideInput, request.data)
        user = _person(rota.brand, wanted["person"])
        own = user.pk == caller(request).pk
        needed = Permission.RUN_INCIDENT if own else Permission.MANAGE_BRAND
        require(caller(request), needed, rota.brand)
        part = Part(wanted["line"], wanted["starts_at"], wanted["ends_at"])
        made = covers.add_override(
            rota.pk, part, user=user, by=caller(request), note=wanted["note"], now=database_now()
        )
        return Response(OverrideOutput(made).data, MADE)

    @extend_schema(responses=DutyHandOverOutput(many=True), summary="The latest hand-over notes")
    @action(detail=True, methods=["get"])
    def notes(self, request: Request, pk: str) -> Response:
        rows = schedule.latest_notes(_find(request, pk), 20)
        return Response({"results": DutyHandOverOutput(rows, many=True).data})

    @extend_schema(
        request=DutyHandOverInput,
        responses={201: DutyHandOverOutput},
        summary="Leave a hand-over note",
    )
    @notes.mapping.post
    def note(self, request: Request, pk: str) -> Response:
        rota, wanted = _find(request, pk), checked(DutyHandOverInput, request.data)
        require(caller(request), Permission.RUN_INCIDENT, rota.brand)
        made = hand_over.write_hand_over(
            rota.pk, text=wanted["text"], by=caller(request), now=database_now()
        )
        return Response(DutyHandOverOutput(made).data, MADE)

    @extend_schema(
        request=SwapInput,
        responses={201: SwapOutput},
        summary="Ask for cover of one's own duty",
    )
    @action(detail=True, methods=["post"])
    def swaps(self, request: Request, pk: str) -> Response:
        rota, wanted = _find(request, pk), checked(SwapInput, request.data)
        require(caller(request), Permission.RUN_INCIDENT, rota.brand)
        asked = _person(rota.brand, wanted["asked"]) if wanted["asked"] else None
        back = wanted.get("in_return")
        made = swaps.ask(
            rota.pk,
            Part(wanted["line"], wanted["starts_at"], wanted["ends_at"]),
            by=caller(request),
            asked=asked,
            back=Part(**back) if back else None,
            note=wanted["note"],
            now=database_now(),
        )
        return Response(SwapOutput(made).data, MADE)


def _find(request: Request, pk: str) -> Rota:
    rows = Rota.objects.visible_to(caller(request)).in_use().select_related("brand")
    found = rows.filter(pk=int(pk)).first()
    if found is None:
        raise Http404
    return found


def _person(brand: Brand, email: str) -> User:
    """Somebody who may be on duty; nothing is told about others."""
    able = members(brand, permission=Permission.RUN_INCIDENT)
    found = able.filter(email=email.lower()).first()
    if found is None:
        raise Refused(rotas.not_a_member())
    return found


def _save(request: Request, brand: Brand, rota: Rota | None, wanted: dict[str, Any]) -> Rota:
    require(caller(request), Permission.MANAGE_BRAND, brand)
    emails = {email for line in wanted["lines"] for email in line["people"]}
    emails |= {wanted["fallback"]} - {"", None}
    people = {email: _person(brand, email).pk for email in sorted(emails)}
    return rotas.save_rota(
        brand,
        rota=rota,
        name=wanted["name"],
        plan=plan_of(wanted, people, brand.time_zone),
        applies_at=wanted.get("applies_at"),
        by=caller(request),
        now=database_now(),
    )


def _rota(rota: Rota) -> dict[str, Any]:
    plan = schedule.latest_plan(rota)
    people = User.objects.in_bulk(duty.named(plan)) if plan else {}
    emails = {pk: user.email for pk, user in people.items()}
    shown: dict[str, Any]
    shown = rotation.write(plan) if plan else {"lines": [], "zone": "", "calendar": "", "days": {}}
    lines = [
        line | {"people": [emails.get(pk) for pk in line["people"]]} for line in shown["lines"]
    ]
    return {
        "id": rota.pk,
        "brand": rota.brand.slug,
        "name": rota.name,
        "fallback": emails.get(plan.fallback or 0) if plan else None,
        **{name: shown[name] for name in ("zone", "calendar", "days")},
        "lines": lines,
    }


def _schedule(rota: Rota, since: datetime, until: datetime, now: datetime) -> dict[str, Any]:
    found = schedule.schedule(rota, since, until, now=now)
    emails = {pk: user.email for pk, user in User.objects.in_bulk(found.people()).items()}

    def shown(span: rotation.Span) -> dict[str, Any]:
        held = span.duty
        return {
            "starts_at": span.starts_at,
            "ends_at": span.ends_at,
            "person": emails.get(held.user) if held else None,
            "how": held.how if held else None,
        }

    lines = [
        {"line": line.key, "name": line.name, "duties": [shown(s) for s in line.spans if s.duty]}
        for line in found.lines
    ]
    return {"lines": lines, "gaps": [shown(span) for span in found.gaps]}


class OverrideView(APIView):
    @extend_schema(responses={204: None}, summary="Take a cover back from now on")
    def delete(self, request: Request, pk: int) -> Response:
        found = Override.objects.visible_to(caller(request)).select_related("rota").get(pk=pk)
        if caller(request).pk not in (found.made_by_id, found.user_id):
            require(caller(request), Permission.MANAGE_BRAND, found.rota.brand_id)
        covers.remove_override(pk, by=caller(request), now=database_now())
        return Response(status=GONE)


class SwapsView(APIView):
    @extend_schema(responses=SwapOutput(many=True), summary="Open requests for cover")
    def get(self, request: Request) -> Response:
        rows = schedule.open_swaps(caller(request), now=database_now())
        return Response({"results": SwapOutput(rows, many=True).data})


class SwapAnswerView(APIView):
    """`take`, `decline` or `withdraw` a request. 409 if somebody was quicker."""

    answers: ClassVar = {"take": swaps.take, "decline": swaps.decline, "withdraw": swaps.withdraw}

    @extend_schema(request=None, responses=SwapOutput, summary="Take, decline or withdraw")
    def post(self, request: Request, pk: int, answer: str) -> Response:
        found = Swap.objects.visible_to(caller(request)).select_related("rota").get(pk=pk)
        require(caller(request), Permission.RUN_INCIDENT, found.rota.brand_id)
        done = self.answers[answer](pk, by=caller(request), now=database_now())
        return Response(SwapOutput(done).data)


class AbsencesView(APIView):
    """One's own; with `brand`, those of the others in a brand whose plans the caller writes."""

    @extend_schema(
        responses=AbsenceOutput(many=True),
        summary="Absences, one's own or a brand's",
        description="The reason is told to the person alone.",
        parameters=[OpenApiParameter("brand", str, description="A brand's slug.")],
    )
    def get(self, request: Request) -> Response:
        user, now = caller(request), database_now()
        if slug := request.query_params.get("brand"):
            brand = get_brand(user, slug)
            require(user, Permission.WRITE_PLANS, brand)
            rows = schedule.absences_kept_by(user, [brand.pk], now=now)
            return Response({"results": OthersAbsenceOutput(rows, many=True).data})
        rows = schedule.absences_of(user, now=now)
        return Response({"results": AbsenceOutput(rows, many=True).data})

    @extend_schema(
        request=AbsenceInput, responses={201: AbsenceOutput}, summary="Say that one is away"
    )
    def post(self, request: Request) -> Response:
        wanted, user = checked(AbsenceInput, request.data), caller(request)
        person, shape = _absent(user, wanted), AbsenceOutput
        if person != user:
            wanted["reason"], shape = "", OthersAbsenceOutput
        made = covers.add_absence(person, **wanted, by=user, now=database_now())
        return Response(shape(made).data, MADE)


def _absent(user: User, wanted: dict[str, Any]) -> User:
    """Whom it is about: somebody of a brand whose plans `user` writes, or themselves."""
    slug, email = wanted.pop("brand"), wanted.pop("person")
    if not email or email == user.email:
        return user
    brand = get_brand(user, slug)
    require(user, Permission.WRITE_PLANS, brand)
    return members(brand, permission=Permission.RUN_INCIDENT).get(email=email)


class AbsenceView(APIView):
    @extend_schema(responses={204: None}, summary="End an absence now")
    def delete(self, request: Request, pk: int) -> Response:
        found = schedule.absence_for(caller(request), pk, now=database_now())
        covers.remove_absence(found.pk, by=caller(request), now=database_now())
        return Response(status=GONE)


class FeedsView(APIView):
    @extend_schema(responses=FeedOutput(many=True), summary="One's own calendar addresses")
    def get(self, request: Request) -> Response:
        rows = schedule.feeds_of(caller(request))
        return Response({"results": FeedOutput(rows, many=True).data})

    @extend_schema(
        request=FeedInput,
        responses={201: FeedOutput},
        summary="Make a calendar address",
        description="`address` is told this once only.",
    )
    def post(self, request: Request) -> Response:
        wanted = checked(FeedInput, request.data)
        rota = _find(request, str(wanted["rota"])) if wanted.get("rota") else None
        made, secret = calendar_feeds.add_feed(caller(request), rota=rota, now=database_now())
        made.address = request.build_absolute_uri(reverse("incidents:calendar", args=[secret]))  # type: ignore[attr-defined]
        return Response(FeedOutput(made).data, MADE)


class FeedView(APIView):
    @extend_schema(responses={204: None}, summary="Withdraw a calendar address")
    def delete(self, request: Request, pk: int) -> Response:
        found = CalendarFeed.objects.select_related("rota__brand").get(pk=pk, user=caller(request))
        calendar_feeds.remove_feed(found, by=caller(request))
        return Response(status=GONE)
