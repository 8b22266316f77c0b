"""A draft beside the same text in another language: which of both was changed last."""

from dataclasses import dataclass

from . import texts
from .enums import DraftState
from .models import Draft, Version


@dataclass(frozen=True)
class Beside:
    """The other draft with its latest version.

    `is_behind`: the other was changed since both were said to say the same, by `changes`;
    `is_ahead`: this one was.
    """

    draft: Draft
    version: Version
    is_behind: bool
    is_ahead: bool
    never: bool
    changes: list[texts.Change]


def beside(draft: Draft) -> Beside | None:
    """What stands beside a draft; None if nothing does. One query."""
    other = draft.beside
    if other is None or other.state == DraftState.DROPPED:
        return None
    wanted = (other.version, draft.beside_version)
    rows = Version.objects.filter(draft=other, number__in=wanted).select_related("editor")
    found = {row.number: row for row in rows}
    latest, known = found[other.version], found.get(draft.beside_version)
    return Beside(
        other,
        latest,
        is_behind=other.version != draft.beside_version,
        is_ahead=other.beside_version != draft.version,
        never=known is None,
        changes=texts.word_diff(known.written, latest.written) if known and known != latest else [],
    )
