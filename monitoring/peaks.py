"""Expected peaks: when more will be said than usual, and how many times as much is expected."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .models_signals import ExpectedPeak


@dataclass(frozen=True)
class Peaks:
    """The peaks of a brand that touch a span of time."""

    peaks: tuple[ExpectedPeak, ...] = ()

    def at(self, moment: datetime) -> ExpectedPeak | None:
        """The highest peak that is expected then."""
        here = (peak for peak in self.peaks if peak.starts_at <= moment < peak.ends_at)
        return max(here, key=lambda peak: peak.factor, default=None)

    def factor(self, moment: datetime) -> float:
        """How many times the usual is expected then; 1 outside of peaks."""
        peak = self.at(moment) if self.peaks else None
        return max(peak.factor, 1.0) if peak else 1.0


def of_brand(brand_id: int, *, since: datetime, until: datetime) -> Peaks:
    """One query."""
    touching = ExpectedPeak.objects.filter(brand=brand_id, ends_at__gt=since, starts_at__lt=until)
    return Peaks(tuple(touching))


def of_brands(brand_ids: Iterable[int], *, since: datetime, until: datetime) -> list[ExpectedPeak]:
    """The peaks of several brands, as charts mark them, the earliest first. One query."""
    touching = ExpectedPeak.objects.filter(
        brand__in=list(brand_ids), ends_at__gt=since, starts_at__lt=until
    )
    return list(touching.order_by("starts_at"))
