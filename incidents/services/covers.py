"""Covers and absences: somebody takes a duty, somebody cannot. The past is not touched."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents import rotation
from incidents.models_rota import Absence, Override, Rota
from incidents.selectors.schedule import current_plan, latest_plan
from notifications.services import notify

from .duty_news import telling
from .rotas import check_able, lock, touch

LONGEST_NOTE = 200
LONGEST_COVER, LONGEST_ABSENCE = timedelta(days=60), timedelta(days=400)


@dataclass(frozen=True)
class Part:
    """A duty, or part of one: a line of a rota from one moment to another."""

    line: int
    starts_at: datetime
    ends_at: datetime


@transaction.atomic
def add_override(
    rota_id: int, part: Part, *, user: User, by: User, note: str = "", now: datetime
) -> Override:
    """Put somebody on a line for some time, whatever the turns say; a later one wins over it.

    What has passed of it is left as it was. Refused for who cannot answer or is away then.
    """
    rota = lock(rota_id)
    part = replace(part, starts_at=_from_now(part.starts_at, part.ends_at, LONGEST_COVER, now))
    with telling([rota], by=by, key=f"override.{rota.pk}", now=now):
        made = put(rota, part, user, by=by, note=note, now=now)
    audit.record(
        "override.added",
        actor=by,
        brand=rota.brand,
        subject=f"{rota.name}: {user}",
        starts=part.starts_at.isoformat(),
        ends=part.ends_at.isoformat(),
    )
    touch(rota, now=now)
    return made


def put(rota: Rota, part: Part, user: User, *, by: User, note: str = "", now: datetime) -> Override:
    """Write the cover itself, in a transaction that holds the rota."""
    if part.line not in keys(rota, part.starts_at, now):
        raise Conflict(_("The rota no longer has this line."))
    check_able(rota.brand, [user.pk])
    if user.absences.filter(starts_at__lt=part.ends_at, ends_at__gt=part.starts_at).exists():
        raise Refused(_("%(name)s is away then.") % {"name": user})
    return Override.objects.create(
        rota=rota,
        line=part.line,
        user=user,
        starts_at=part.starts_at,
        ends_at=part.ends_at,
        note=clean(note).strip()[:LONGEST_NOTE],
        made_by=by,
        made_at=now,
    )


def keys(rota: Rota, at: datetime, now: datetime) -> set[int]:
    """The lines that a rota has at a moment, or is going to have."""
    plans = (current_plan(rota, max(at, now)), latest_plan(rota))
    return {line.key for plan in plans if plan for line in plan.lines}


def _from_now(
    starts_at: datetime, ends_at: datetime, longest: timedelta, now: datetime
) -> datetime:
    """Return when it begins at the earliest; refused if nothing is left of it."""
    if ends_at <= starts_at:
        raise Refused(_("It ends after it starts."))
    if ends_at <= now:
        raise Refused(_("It is over already: what has been stays as it was."))
    if ends_at - starts_at > longest:
        raise Refused(_("It can be %(most)d days long.") % {"most": longest.days})
    return max(starts_at, now)


@transaction.atomic
def remove_override(override_id: int, *, by: User, now: datetime) -> None:
    """Take a cover back from now on. Conflict if it is over."""
    rota = lock(Override.objects.values_list("rota", flat=True).get(pk=override_id))
    override = Override.objects.select_for_update(of=("self",)).select_related("user").filter(
        pk=override_id
    ).first()  # fmt: skip
    if override is None or override.ends_at <= now:
        raise Conflict(_("It is over already: what has been stays as it was."))
    with telling([rota], by=by, key=f"override.{override.pk}.removed", now=now):
        _end(override, now)
    audit.record(
        "override.removed", actor=by, brand=rota.brand, subject=f"{rota.name}: {override.user}"
    )
    touch(rota, now=now)


def _end(row: Override | Absence, now: datetime) -> None:
    """What has begun ends now; what has not begun has never been."""
    if row.starts_at >= now:
        row.delete()
    else:
        row.ends_at = now
        row.save(update_fields=["ends_at"])


# --- Absences -----------------------------------------------------------------------------------


def _rotas_with(user: User) -> list[Rota]:
    """Lock the rotas that somebody takes turns in, in the order of their ids."""
    brands = user.memberships.values("brand")
    rows = Rota.objects.filter(brand__in=brands, archived_at=None).select_related("brand")
    rotas = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    return [rota for rota in rotas if user.pk in _people(latest_plan(rota))]


def _people(plan: rotation.Plan | None) -> set[int]:
    return {user for line in plan.lines for user in line.people} if plan else set()


@transaction.atomic
def add_absence(
    user: User,
    *,
    starts_at: datetime,
    ends_at: datetime,
    by: User,
    reason: str = "",
    now: datetime,
) -> Absence:
    """Note that somebody cannot be called; whoever stands in is told. The past is left alone.

    By somebody else the person is told of it, too.
    """
    rotas = _rotas_with(user)
    starts_at = _from_now(starts_at, ends_at, LONGEST_ABSENCE, now)
    with telling(rotas, by=by, key=f"absence.{user.pk}", now=now):
        made = Absence.objects.create(
            user=user,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=clean(reason).strip()[:LONGEST_NOTE],
            made_by=by,
            made_at=now,
        )
    _tell_absent(made, "absence_noted", by=by, now=now)
    _record(rotas, "absence.added", user, by)
    for rota in rotas:
        touch(rota, now=now)
    return made


@transaction.atomic
def remove_absence(absence_id: int, *, by: User, now: datetime) -> None:
    """Somebody is back from now on. Conflict if the absence is over."""
    user = User.objects.get(absences=absence_id)
    rotas = _rotas_with(user)
    absence = Absence.objects.select_for_update().filter(pk=absence_id).first()
    if absence is None or absence.ends_at <= now:
        raise Conflict(_("It is over already: what has been stays as it was."))
    with telling(rotas, by=by, key=f"absence.{absence.pk}.removed", now=now):
        _end(absence, now)
    _tell_absent(absence, "absence_ended", by=by, now=now)
    _record(rotas, "absence.removed", user, by)
    for rota in rotas:
        touch(rota, now=now)


def _tell_absent(absence: Absence, kind: str, *, by: User, now: datetime) -> None:
    """Whoever is said to be away, or back, by somebody else learns of it."""
    if absence.user == by:
        return
    times = {"starts_at": absence.starts_at.isoformat(), "ends_at": absence.ends_at.isoformat()}
    notify(
        [absence.user],
        key=f"{kind}.{absence.user_id}.{now.isoformat()}",
        kind=f"incidents.{kind}",
        params={"actor": str(by), **times},
        url=reverse("incidents:my_duties"),
        now=now,
    )


def _record(rotas: list[Rota], action: str, user: User, by: User) -> None:
    """In the trail of each brand whose rota it concerns; without any, in the person's own."""
    brands: set[int | None] = {rota.brand_id for rota in rotas}
    for brand in brands or {None}:
        audit.record(action, actor=by, brand=brand, subject=str(user))
