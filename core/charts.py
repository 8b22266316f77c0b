"""Small charts as SVG geometry, made on the server: no script, no inline style, sharp in print."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_PAD = 2.0


@dataclass(frozen=True)
class SparkPaths:
    """The `d` of each path. `actual` has a gap wherever a value is missing."""

    band: str
    excess: str
    actual: str


def spark_paths(
    actual: Sequence[float | None],
    low: Sequence[float],
    high: Sequence[float],
    *,
    width: float = 360,
    height: float = 46,
) -> SparkPaths:
    """Draw a line, the band that was expected of it and what stands above the band.

    The three sequences have the same length. Without points every path is empty.
    """
    if not actual:
        return SparkPaths("", "", "")
    top = max(1.0, *high, *(value for value in actual if value is not None)) * 1.08
    step = width / max(1, len(actual) - 1)
    scale = (height - 2 * _PAD) / top
    xs = [f"{index * step:.1f}" for index in range(len(actual))]

    def ys(values: Iterable[float | None]) -> list[str | None]:
        return [
            None if value is None else f"{height - _PAD - value * scale:.1f}" for value in values
        ]

    upper = ys(high)
    above = ys(
        max(bound, value if value is not None else bound)
        for value, bound in zip(actual, high, strict=True)
    )
    return SparkPaths(
        band=_area(xs, upper, ys(low)),
        excess=_area(xs, above, upper) if above != upper else "",
        actual=_line(xs, ys(actual)),
    )


def _line(xs: Sequence[str], ys: Sequence[str | None]) -> str:
    parts, pen = [], "M"
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            pen = "M"
            continue
        parts.append(f"{pen}{x} {y}")
        pen = "L"
    return "".join(parts)


def _area(xs: Sequence[str], upper: Sequence[str | None], lower: Sequence[str | None]) -> str:
    back = "".join(f"L{x} {y}" for x, y in zip(reversed(xs), reversed(lower), strict=True))
    return f"{_line(xs, upper)}{back}Z"


def shares(values: Sequence[float], *, gap: float = 0.6) -> list[tuple[float, float]]:
    """Return (x, width) in percent of each part of a whole; empty parts get no gap."""
    total = sum(values)
    if total <= 0:
        return []
    at, parts = 0.0, []
    for value in values:
        width = value / total * 100
        parts.append((at, max(0.0, width - gap)))
        at += width
    return parts


def lines(
    series: Sequence[Sequence[float]], *, width: float = 720, height: float = 200
) -> list[str]:
    """Return the `d` of a line for each series of the same length, all on one scale from zero."""
    top = max(1.0, *(value for values in series for value in values)) if series else 1.0
    scale = (height - 2 * _PAD) / top
    paths = []
    for values in series:
        step = width / max(1, len(values) - 1)
        xs = [f"{index * step:.1f}" for index in range(len(values))]
        paths.append(_line(xs, [f"{height - _PAD - value * scale:.1f}" for value in values]))
    return paths
