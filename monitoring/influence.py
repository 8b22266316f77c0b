"""How much weight a mention carries, 0 to 100, by a formula that anybody can work out again.

Three parts, each on a logarithmic scale (ten times as many is one step, not ten times as far):
who may have seen it, counted as its reach and that of those who repeated it (60 of 100 points, all
of them at ten million); how many answered it (20, at a thousand); how many repeated it (20, at a
thousand). Only what the desk has seen is counted: a network that tells no reach makes it less.
"""

from dataclasses import dataclass
from math import log10

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import formats

_SEEN, _ANSWERED, _REPEATED = (60, 7), (20, 3), (20, 3)


class Weight(models.TextChoices):
    """In words, for those who do not think in points."""

    SMALL = "small", gettext_lazy("Small")
    SOME = "some", gettext_lazy("Some")
    GREAT = "great", gettext_lazy("Great")
    VERY_GREAT = "very_great", gettext_lazy("Very great")


@dataclass(frozen=True)
class Resonance:
    """What became of a mention, as far as the desk has seen: `answers` to it, how many other
    authors said the same after it, and their reach together."""

    answers: int = 0
    repeaters: int = 0
    repeated_reach: int = 0


@dataclass(frozen=True)
class Influence:
    """Points of 100, and what they were made of."""

    reach: int
    resonance: Resonance

    @property
    def points(self) -> int:
        seen = self.reach + self.resonance.repeated_reach
        parts = (
            _part(seen, *_SEEN),
            _part(self.resonance.answers, *_ANSWERED),
            _part(self.resonance.repeaters, *_REPEATED),
        )
        return round(sum(parts))

    @property
    def weight(self) -> Weight:
        steps = ((70, Weight.VERY_GREAT), (50, Weight.GREAT), (30, Weight.SOME))
        return next((weight for least, weight in steps if self.points >= least), Weight.SMALL)

    def reasons(self) -> list[str]:
        """Say what the points were made of, in the reader's language."""
        found = self.resonance
        said = [_reached(self.reach)]
        if found.answers:
            words = ngettext("%(count)s answer to it.", "%(count)s answers to it.", found.answers)
            said.append(words % {"count": formats.number(found.answers)})
        if found.repeaters:
            words = ngettext(
                "%(count)s other author repeated it, with a reach of %(reach)s.",
                "%(count)s other authors repeated it, with a reach of %(reach)s together.",
                found.repeaters,
            )
            counts = {
                "count": formats.number(found.repeaters),
                "reach": formats.number(found.repeated_reach),
            }
            said.append(words % counts)
        return said


def _part(count: int, points: int, steps: int) -> float:
    return points * min(log10(1 + count) / steps, 1.0)


def _reached(reach: int) -> str:
    if not reach:
        return _("Its own reach is not known.")
    return _("Its own reach is %(reach)s.") % {"reach": formats.number(reach)}
