"""A case as its page shows it: each text in the reader's language, each time in words."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format

from core import formats
from training.enums_cases import Cluster, Strategy
from training.models_cases import CaseStudy, say

from . import shape


@dataclass(frozen=True)
class Told:
    """A sentence with when it was, or how long it took, and whether it was seen in a source."""

    text: str
    verified: bool
    when: str = ""


@dataclass(frozen=True)
class Source:
    name: str
    url: str
    verified: bool
    note: str


@dataclass(frozen=True)
class Shown:
    """A case in the reader's language."""

    study: CaseStudy
    events: list[Told]
    times: list[Told]
    worked: list[Told]
    failed: list[Told]
    lesson: str
    cluster: str
    cluster_why: str
    strategies: list[str]
    moment: str
    options: list[dict[str, Any]]
    sources: list[Source]
    unverified: int


def shown(study: CaseStudy) -> Shown:
    content = study.content
    point = content.get("turning_point") or {}
    points = {name: [_told(row) for row in content.get(name, [])] for name in ("worked", "failed")}
    events = [_told(row, when=at_words(row["at"])) for row in content.get("events", [])]
    times = [
        Told(say(row["what"]), row["verified"], formats.duration(row["minutes"] * 60))
        for row in content.get("times", [])
    ]
    every = [*events, *times, *points["worked"], *points["failed"]]
    return Shown(
        study=study,
        events=events,
        times=times,
        **points,
        lesson=say(content.get("lesson", {})),
        cluster=str(Cluster(study.cluster).label) if study.cluster else "",
        cluster_why=say(content.get("cluster_why", {})),
        strategies=strategy_names(study),
        moment=say(point.get("moment", {})),
        options=[
            {**each, "text": say(each["text"]), "consequence": say(each["consequence"])}
            for each in point.get("options", [])
        ],
        sources=[
            Source(row["name"], row["url"], row["verified"], say(row.get("note", {})))
            for row in content.get("sources", [])
        ],
        unverified=sum(not each.verified for each in every),
    )


def strategy_names(study: CaseStudy) -> list[str]:
    return [str(Strategy(each).label) for each in study.strategies]


def at_words(at: str) -> str:
    """Write a moment as far as it is known: a year, a month, a day, a minute."""
    if len(at) == 4:
        return at
    if len(at) == 7:
        return date_format(shape.moment(at), "F Y")
    day = formats.full_date(date.fromisoformat(at[:10]))
    return f"{day} {at[11:]}".strip()


def _told(row: dict[str, Any], when: str = "") -> Told:
    return Told(say(row["text"]), row["verified"], when)
