"""How grave it is: five axes scored apart by stated thresholds, and what the points add up to.

A matrix is `plan_shape`'s "matrix". Scores are kept with the incident as figures:

    {"reach": {"points": 1, "figure": 120000}, "speed": {"points": 2, "figure": 6.1},
     "influence": {"points": 0, "figure": null}, "harm": {"points": 2, "kind": "product_safety"},
     "blame": {"points": 2, "negative": 0.71, "blaming": 0.2}}

A figure that nobody knows is null and gives no points. What a person scored has `by`, `why` and
`at`, and is not overwritten by what is measured later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from monitoring.enums import CrisisType

from .enums import Axis, Severity

Scores = dict[str, dict[str, Any]]
Matrix = Mapping[str, Any]

# Kinds in which people may be hurt or the law sets a deadline.
GRAVE = (CrisisType.PRODUCT_SAFETY, CrisisType.DATA_BREACH)
SERIOUS = (
    CrisisType.LEGAL_REGULATORY,
    CrisisType.PR_DISASTER,
    CrisisType.VIRAL_BACKLASH,
    CrisisType.MISINFORMATION,
    CrisisType.SERVICE_DISRUPTION,
)
# What a brand without a plan goes by: [least for one point, least for two].
STANDARD: dict[str, Any] = {
    "reach": [100_000, 1_000_000],
    "speed": [3.0, 6.0],
    "influence": [100_000, 1_000_000],
    "harm": {
        "kinds": {**{kind.value: 2 for kind in GRAVE}, **{kind.value: 1 for kind in SERIOUS}},
        "guide": ["", ""],
    },
    "blame": {"negative": [0.4, 0.6], "blaming": [0.2, 0.4]},
    "levels": {"1": 6, "2": 4, "3": 2},
    "floor": Severity.SEV4.value,
}
# The order in which axes are told when they weigh the same.
_ORDER = (Axis.SPEED, Axis.BLAME, Axis.REACH, Axis.INFLUENCE, Axis.HARM)
MOST = 2


@dataclass(frozen=True)
class Figures:
    """What was measured; None for what is not known. Shares are 0 to 1."""

    reach: int | None = None
    # Times the top of what is expected.
    speed: float | None = None
    # Followers or readers of the farthest-reaching author.
    influence: int | None = None
    kind: str = CrisisType.NONE
    negative: float | None = None
    # Of those that speak of it, the share that holds us responsible.
    blaming: float | None = None


def standard(kind: str) -> dict[str, Any]:
    """Return the matrix of a brand without a plan: grave kinds are never below SEV2."""
    floor = Severity.SEV2 if kind in GRAVE else Severity.SEV4
    return STANDARD | {"floor": floor.value}


def score(figures: Figures, matrix: Matrix, *, kept: Scores | None = None) -> Scores:
    """Score each axis; what a person scored before (`kept`) stands."""
    blame = matrix["blame"]
    made: Scores = {
        Axis.REACH.value: _scored(figures.reach, matrix["reach"]),
        Axis.SPEED.value: _scored(figures.speed, matrix["speed"]),
        Axis.INFLUENCE.value: _scored(figures.influence, matrix["influence"]),
        Axis.HARM.value: {
            "points": matrix["harm"]["kinds"].get(str(figures.kind), 0),
            "kind": str(figures.kind),
        },
        Axis.BLAME.value: {
            "points": max(
                _points(figures.negative, blame["negative"]),
                _points(figures.blaming, blame["blaming"]),
            ),
            "negative": figures.negative,
            "blaming": figures.blaming,
        },
    }
    by_person = {axis: each for axis, each in (kept or {}).items() if each.get("by")}
    return made | by_person


def known(scores: Scores, *, kind: str) -> Figures:
    """Read the figures back out of scores."""
    figure = {axis: scores.get(axis, {}).get("figure") for axis in Axis.values}
    blame = scores.get(Axis.BLAME.value, {})
    return Figures(
        reach=figure[Axis.REACH.value],
        speed=figure[Axis.SPEED.value],
        influence=figure[Axis.INFLUENCE.value],
        kind=scores.get(Axis.HARM.value, {}).get("kind", kind),
        negative=blame.get("negative"),
        blaming=blame.get("blaming"),
    )


def _scored(figure: float | None, least: Sequence[float]) -> dict[str, Any]:
    return {"points": _points(figure, least), "figure": figure}


def _points(figure: float | None, least: Sequence[float]) -> int:
    """Thresholds of 0 are not in use."""
    return sum(1 for each in least if figure is not None and each and figure >= each)


def total(scores: Scores) -> int:
    return sum(int(each["points"]) for each in scores.values())


def level(scores: Scores, matrix: Matrix) -> Severity:
    """Return what the points add up to, never less grave than the matrix' floor."""
    points = total(scores)
    reached = [int(sev) for sev, least in matrix["levels"].items() if points >= least]
    return Severity(min([*reached, int(matrix["floor"]), Severity.SEV4]))


def reasons(scores: Scores) -> list[dict[str, Any]]:
    """Return the axes that count as reasons of a severity, the weightiest first."""
    counting = [axis for axis in _ORDER if scores.get(axis, {}).get("points")]
    counting.sort(key=lambda axis: -scores[axis]["points"])
    return [reason for axis in counting for reason in _reasons(axis, scores[axis])]


def _reasons(axis: Axis, scored: Mapping[str, Any]) -> list[dict[str, Any]]:
    if scored.get("by"):
        return [{"code": "scored", "axis": axis.value, "points": scored["points"],
                 "name": scored["by"]}]  # fmt: skip
    if axis == Axis.BLAME:
        found = [{"code": "negative", "share": scored["negative"]}] if scored["negative"] else []
        if scored.get("blaming"):
            found.append({"code": "blaming", "share": scored["blaming"]})
        return found
    name = {"speed": ("volume", "ratio"), "reach": ("reach", "reach")}.get(axis)
    if name:
        return [{"code": name[0], name[1]: scored["figure"]}]
    if axis == Axis.INFLUENCE:
        return [{"code": "influence", "followers": scored["figure"]}]
    return [{"code": "kind", "crisis_type": scored["kind"]}]


@dataclass(frozen=True)
class AxisRow:
    """An axis for showing: `finding` is its figure in words, `steps` what gives more points."""

    axis: Axis
    points: int
    finding: str
    by: str
    why: str
    steps: list[str]

    @property
    def label(self) -> str:
        return str(self.axis.label)

    @property
    def share(self) -> float:
        return self.points / MOST


def rows(scores: Scores, matrix: Matrix) -> list[AxisRow]:
    """Return the five axes in words, in the active language."""
    return [_row(axis, scores.get(axis, {"points": 0}), matrix) for axis in Axis]


def _row(axis: Axis, scored: Mapping[str, Any], matrix: Matrix) -> AxisRow:
    points = int(scored["points"])
    by, why = str(scored.get("by", "")), str(scored.get("why", ""))
    steps = [_threshold(axis, at, matrix) for at in range(points + 1, MOST + 1)]
    return AxisRow(axis, points, _finding(axis, scored), by, why, [each for each in steps if each])


def _finding(axis: Axis, scored: Mapping[str, Any]) -> str:
    if axis == Axis.HARM:
        kind = scored.get("kind", CrisisType.NONE)
        return str(CrisisType(kind).label) if kind in CrisisType.values else ""
    if axis == Axis.BLAME:
        return _blame(scored)
    figure = scored.get("figure")
    if figure is None:
        return _("not measured")
    if axis == Axis.SPEED:
        return _("%(ratio)s × the expected maximum") % {"ratio": number_format(figure, 1)}
    count = formats.number(figure)
    if axis == Axis.REACH:
        return _("up to %(count)s people") % {"count": count}
    return _("largest account: %(count)s followers") % {"count": count}


def _blame(scored: Mapping[str, Any]) -> str:
    negative, blaming = scored.get("negative"), scored.get("blaming")
    if negative is None:
        return _("not measured")
    if blaming is None:
        return _("%(negative)s negative") % {"negative": formats.percent(negative)}
    return _("%(negative)s negative, %(blaming)s hold us responsible") % {
        "negative": formats.percent(negative),
        "blaming": formats.percent(blaming),
    }


def _threshold(axis: Axis, points: int, matrix: Matrix) -> str:
    """Say what gives an axis so many points; "" if the matrix has no such threshold."""
    if axis == Axis.HARM:
        said: str = matrix["harm"]["guide"][points - 1]
        return said or _("somebody scores the harm at %(points)d") % {"points": points}
    if axis == Axis.BLAME:
        blame = matrix["blame"]
        return _("%(negative)s negative, or %(blaming)s holding us responsible") % {
            "negative": formats.percent(blame["negative"][points - 1]),
            "blaming": formats.percent(blame["blaming"][points - 1]),
        }
    least = matrix[axis.value][points - 1]
    if not least:
        return ""
    if axis == Axis.SPEED:
        return _("%(ratio)s × the expected maximum") % {"ratio": number_format(least, 1)}
    words = {
        Axis.REACH: _("a reach of %(count)s people"),
        Axis.INFLUENCE: _("an account with %(count)s followers"),
    }
    return words[axis] % {"count": formats.number(least)}


@dataclass(frozen=True)
class Way:
    """What it would take: `missing` points, and for each axis what would give one or two more."""

    words: str
    missing: int
    ways: list[str]


def way_to(severity: int, scores: Scores, matrix: Matrix) -> Way:
    """Say what would make it as grave as `severity` ("what would make this SEV1")."""
    label = Severity(severity).label
    missing = matrix["levels"][str(severity)] - total(scores)
    if missing <= 0:
        return Way(_("By the matrix this is %(severity)s.") % {"severity": label}, 0, [])
    words = ngettext(
        "%(points)d more point makes this %(severity)s. It takes one of these:",
        "%(points)d more points make this %(severity)s. They can come from:",
        missing,
    ) % {"points": missing, "severity": label}
    ways = [
        _("+%(points)d: %(what)s") % {"points": extra, "what": what}
        for row in rows(scores, matrix)
        for extra, what in enumerate(row.steps, start=1)
    ]
    return Way(words, missing, ways)
