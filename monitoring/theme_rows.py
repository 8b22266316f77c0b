"""Themes ready to be shown: with their posts, and their course as a small chart in words too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core import charts, formats

from .models_signals import Theme
from .selectors import Post, kept_posts

WIDTH, HEIGHT = 120, 28


@dataclass(frozen=True)
class Shown:
    """A theme with its posts, and its course as a small chart that says itself in words."""

    theme: Theme
    share: float
    path: str
    course: str
    questions: list[tuple[Post, int]]
    posts: list[Post]


def shown(themes: Sequence[Theme], *, posts: int = 2) -> list[Shown]:
    """Themes ready for the template: one query for the posts of all of them."""
    kept = [each for theme in themes for each in [*theme.samples, *theme.questions]]
    by_id = kept_posts({theme.brand_id for theme in themes}, kept)
    return [_shown(theme, by_id, posts) for theme in themes]


def _shown(theme: Theme, by_id: dict[int, Post], posts: int) -> Shown:
    rates = [rate for _at, rate in theme.course]
    drawn = charts.spark_paths(
        rates, [0.0] * len(rates), [0.0] * len(rates), width=WIDTH, height=HEIGHT
    )
    questions = [(by_id[q["id"]], q["asked"]) for q in theme.questions if q["id"] in by_id]
    samples = [by_id[each["id"]] for each in theme.samples if each["id"] in by_id]
    share = theme.mentions / theme.sampled if theme.sampled else 0.0
    return Shown(theme, share, drawn.actual, _course(rates), questions, samples[:posts])


def _course(rates: Iterable[float]) -> str:
    """What the small chart shows."""
    every = list(rates)
    figures = {
        "now": formats.number(every[-1] if every else 0),
        "most": formats.number(max(every, default=0)),
    }
    return _("%(now)s mentions an hour now, %(most)s at most.") % figures
