"""The cases that come with CrisisDesk: a YAML file each, in both languages.

format: 1 · slug · organisation · kind · cluster · strategies · severity · happened_on
title, summary, cluster_why, lesson: {en, da}
events, times, worked, failed, turning_point, sources: see shape.py
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from monitoring.enums import CrisisType
from training.enums_cases import CaseOrigin, Cluster, Strategy
from training.models_cases import CaseStudy

from . import shape

FOLDER = Path(__file__).resolve().parent.parent / "shipped" / "cases"
FORMAT = 1


@dataclass(frozen=True)
class Shipped:
    """A file as it is stored."""

    slug: str
    fields: dict[str, Any]
    digest: str


def read(path: Path) -> Shipped:
    """Read one file. ValueError or Refused for one that is not as it must be."""
    raw = path.read_bytes()
    data = yaml.safe_load(raw)
    if data.get("format") != FORMAT or data["slug"] != path.stem:
        raise ValueError(f"{path.name} is not a case of format {FORMAT}.")
    content = shape.checked(data)
    fields = {
        "kind": CrisisType(data["kind"]).value,
        "cluster": Cluster(data["cluster"]).value,
        "strategies": [Strategy(each).value for each in data["strategies"]],
        "severity": int(data["severity"]),
        "happened_on": date.fromisoformat(str(data["happened_on"])),
        "content": content,
        **searched(content),
    }
    return Shipped(data["slug"], fields, hashlib.sha256(raw).hexdigest())


def searched(content: dict[str, Any]) -> dict[str, str]:
    """Return the columns that the search reads."""
    return {f"words_{lang}": "\n".join(shape.texts(content, lang)) for lang in shape.LANGUAGES}


def files() -> Iterator[Path]:
    yield from sorted(FOLDER.glob("*.yaml"))


@transaction.atomic
def load(*, now: datetime, paths: list[Path] | None = None) -> int:
    """Bring the ready-made cases up to their files; return how many were written.

    Nobody edits a ready-made case, and what a brand wrote on in a copy is never touched. A case
    whose file is gone stays: courses may speak of it.
    """
    known = dict(
        CaseStudy.objects.select_for_update()
        .filter(origin=CaseOrigin.SHIPPED)
        .values_list("slug", "digest")
    )
    written = 0
    for path in files() if paths is None else paths:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if known.get(path.stem) != digest:
            written += _write(read(path), now)
    return written


def _write(case: Shipped, now: datetime) -> int:
    # An own case may have the name already: it keeps it.
    if CaseStudy.objects.filter(slug=case.slug).exclude(origin=CaseOrigin.SHIPPED).exists():
        return 0
    fields = case.fields | {"digest": case.digest, "origin": CaseOrigin.SHIPPED}
    CaseStudy.objects.update_or_create(
        slug=case.slug, defaults=fields, create_defaults={**fields, "created_at": now}
    )
    return 1
