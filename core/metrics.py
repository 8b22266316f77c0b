"""Figures about the running installation, in Prometheus' text form.

A room registers one with `@gauge("crisisdesk_…", "what it says")`; the function returns a number,
or numbers by label for a gauge with a `label`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from .clock import database_now
from .models import LoopBeat

Reading = float | Mapping[str, float]
GAUGES: dict[str, "Gauge"] = {}


@dataclass(frozen=True)
class Gauge:
    name: str
    help: str
    label: str
    read: Callable[[], Reading]

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} gauge"
        reading = self.read()
        if isinstance(reading, Mapping):
            for value, number in reading.items():
                yield f'{self.name}{{{self.label}="{_quoted(value)}"}} {number:g}'
        else:
            yield f"{self.name} {reading:g}"


def gauge(
    name: str, text: str, *, label: str = ""
) -> Callable[[Callable[[], Reading]], Callable[[], Reading]]:
    def register(function: Callable[[], Reading]) -> Callable[[], Reading]:
        if name in GAUGES:
            raise ValueError(f"The gauge {name} is registered twice.")
        GAUGES[name] = Gauge(name, text, label, function)
        return function

    return register


@gauge("crisisdesk_loop_age_seconds", "Since the loop's last full cycle.", label="loop")
def loop_ages() -> Mapping[str, float]:
    now = database_now()
    return {
        beat.name: (now - beat.beat_at).total_seconds()
        for beat in LoopBeat.objects.order_by("name")
    }


@gauge("crisisdesk_loop_failing", "1 while the loop's latest cycle failed.", label="loop")
def loops_failing() -> Mapping[str, float]:
    return {beat.name: float(bool(beat.error)) for beat in LoopBeat.objects.order_by("name")}


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
