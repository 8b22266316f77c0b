"""Themes: what the talk of each brand is made of, now and in the last week."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.http import SignedIn
from accounts.selectors import visible_brands
from core import charts, formats
from core.clock import database_now
from monitoring.models_signals import Theme
from monitoring.selectors import Post, kept_posts
from monitoring.selectors import signals as selectors

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


@login_required
@require_GET
def themes(request: SignedIn) -> HttpResponse:
    """The themes of the chosen brand, or of all."""
    now = database_now()
    brands = list(visible_brands(request.user))
    chosen = [brand for brand in brands if brand.slug == request.GET.get("brand")]
    ids = [brand.pk for brand in chosen or brands]
    current = selectors.themes(ids, now=now)
    context = {
        "now": now,
        "brands": brands,
        "brand": chosen[0] if chosen else None,
        "themes": shown(current),
        "over": selectors.themes(ids, now=now, over=True),
        "live_groups": " ".join(f"brand.{pk}" for pk in ids),
        "tab": "themes",
    }
    return render(request, "monitoring/themes.html", context)


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
