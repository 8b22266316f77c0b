"""The crisis plans that come with CrisisDesk, in both languages: a TOML file a kind.

about.en / about.da; [matrix]; [[roles]]; [[tasks]]; [[messages]], [[never]], [[channels]]
(each with en and da); [times.1] … [times.4]; [care]. Spans are written as in spans.py.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from incidents.enums import PlanKind
from incidents.spans import parse

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Ready:
    """`content` is unchecked `plan_shape` content in one language."""

    kind: PlanKind
    name: str
    content: dict[str, Any]


@cache
def _file(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def plan(kind: PlanKind, language: str) -> Ready:
    """Return the ready plan of a kind, for an own one a framework; without a language English."""
    known = {code for code, _name in settings.LANGUAGES}
    return _read(kind, language if language in known else "en")


def _read(kind: PlanKind, language: str) -> Ready:
    common, data = _file("common"), _file(kind.value)
    say = {each: [row[language] for row in data[each]] for each in ("messages", "never")}
    times = common["times"] | data.get("times", {})
    content = {
        "about": data["about"][language],
        "matrix": _matrix(common["matrix"] | data["matrix"], language),
        "roles": [_role(row, common["duties"], language) for row in data["roles"]],
        "tasks": [_task(kind, row, language) for row in data["tasks"]],
        **say,
        "channels": [_channel(row, language) for row in data["channels"]],
        "policy": None,
        "times": {level: _spans(row) for level, row in times.items()},
        "care": _spans(data.get("care", common["care"])),
    }
    return Ready(kind, data["name"][language], content)


def _matrix(data: dict[str, Any], language: str) -> dict[str, Any]:
    harm = {"kinds": data["harm"]["kinds"], "guide": data["harm"][language]}
    return data | {"harm": harm}


def _role(row: dict[str, Any], duties: dict[str, Any], language: str) -> dict[str, Any]:
    duty = row.get(language) or duties[row["role"]][language]
    return {"role": row["role"], "from": row["from"], "duty": duty}


def _task(kind: PlanKind, row: dict[str, Any], language: str) -> dict[str, Any]:
    """Its key is the kind's own: two plans may both call a task "authority" and mean another."""
    title, _sep, detail = row[language].partition(" | ")
    return {
        "key": f"{kind}.{row['key']}",
        "title": title,
        "detail": detail,
        "role": row.get("role", ""),
        "due": parse(row["due"]) if "due" in row else None,
        "from": row.get("from", 4),
        "personal_data": row.get("personal_data", False),
    }


def _channel(row: dict[str, Any], language: str) -> dict[str, str]:
    name, _sep, note = row[language].partition(" | ")
    return {"name": name, "note": note}


def _spans(row: dict[str, str]) -> dict[str, int | None]:
    """A time written as "none" is no duty."""
    return {name: None if span == "none" else parse(span) for name, span in row.items()}
