"""Keeps the themes of each brand: looks at the newest posts, and carries names on by overlap."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from core import live
from monitoring import evidence, theming
from monitoring.distinctive import words
from monitoring.enums import Sentiment
from monitoring.evidence import Text
from monitoring.models import Baseline
from monitoring.models_signals import Theme, Vocabulary

# Posts that are looked at, and how far back: further where little is said.
SAMPLE = 2_000
RECENT = timedelta(hours=6)
FAR = timedelta(days=2)
LITTLE = 60
# How often a brand is looked at while something is said of it; brands a cycle.
EVERY = timedelta(seconds=45)
BRANDS = 4
# A theme that was not seen for so long is another one when it comes back.
OVER = timedelta(hours=24)
COURSE = 72
COURSE_STEP = 300
QUESTIONS = 5
# The ordinary talk is learned once an hour; a fortieth each time is a half-life of a day.
LEARN_EVERY = timedelta(hours=1)
LEARNED = 1 / 40
MOST_WORDS = 3_000


def update_due(now: datetime, *, brands: Collection[int] | None = None) -> int:
    """Look at the brands of which something was said since they were looked at last.

    `now` may be a simulated time; then name the `brands` that live in it.
    """
    due = Q(themed_at=None) | Q(themed_at__lt=now - EVERY)
    waiting = Baseline.objects.filter(due, spoken_at__isnull=False).filter(
        Q(themed_at=None) | Q(spoken_at__gt=F("themed_at"))
    )
    if brands is not None:
        waiting = waiting.filter(brand__in=brands)
    done = 0
    for baseline_id, brand_id in waiting.values_list("pk", "brand_id")[:BRANDS]:
        if Baseline.objects.filter(due, pk=baseline_id).update(themed_at=now):
            update(brand_id, now)
            done += 1
    return done


@transaction.atomic
def update(brand_id: int, now: datetime) -> list[Theme]:
    """Group the newest posts of a brand and bring its themes up to date, the largest first."""
    texts = _texts(brand_id, now)
    name = evidence.brand_name(brand_id)
    ignored = theming.ignored_for(name)
    terms = [theming.terms_of(text.text, ignored) for text in texts]
    vocabulary = Vocabulary.objects.select_for_update().filter(brand=brand_id).first()
    vocabulary = vocabulary or Vocabulary(brand_id=brand_id)
    groups = theming.group(terms, vocabulary.shares)
    themes = _carry_on(brand_id, groups, texts, now)
    _learn(vocabulary, terms, now)
    live.publish(f"brand.{brand_id}", "themes", {"count": len(themes)})
    return themes


def _texts(brand_id: int, now: datetime) -> list[Text]:
    found = evidence.texts(brand_id, now - RECENT, now, limit=SAMPLE)
    if len(found) >= LITTLE:
        return found
    return evidence.texts(brand_id, now - FAR, now, limit=SAMPLE)


def _carry_on(
    brand_id: int, groups: Sequence[theming.Group], texts: Sequence[Text], now: datetime
) -> list[Theme]:
    """Give each group the theme that it goes on with, or a new one."""
    known = list(Theme.objects.select_for_update().filter(brand=brand_id, seen_at__gte=now - OVER))
    themes = []
    for group in groups:
        theme = _same(group, known)
        if theme is None:
            posts = [texts[place] for place in group.posts]
            began = min(post.at for post in posts)
            theme = Theme(brand_id=brand_id, name=group.name[:120], began_at=began)
        else:
            known.remove(theme)
        themes.append(theme)
        _measure(theme, group, texts, now, rank=len(themes))
        theme.save()
    over = [theme.pk for theme in known if theme.rank is not None]
    Theme.objects.filter(pk__in=over).update(rank=None)
    return themes


def _same(group: theming.Group, known: Sequence[Theme]) -> Theme | None:
    """The theme that shares most words with the group, if it is enough to be the same."""
    scored = [(theming.overlap(group.terms, theme.terms), theme) for theme in known]
    best, theme = max(scored, key=lambda each: each[0], default=(0.0, None))
    return theme if best >= theming.OVERLAP else None


@dataclass(frozen=True)
class _Pace:
    """Posts in so many hours."""

    posts: int
    hours: float

    @property
    def hourly(self) -> float:
        return self.posts / self.hours


def _measure(
    theme: Theme, group: theming.Group, texts: Sequence[Text], now: datetime, *, rank: int
) -> None:
    posts = [texts[place] for place in group.posts]
    theme.terms = [term[:80] for term in group.terms]
    theme.seen_at = now
    theme.rank = rank
    theme.mentions, theme.sampled = len(posts), len(texts)
    theme.hourly = round(_pace(posts, texts, now).hourly, 1)
    negative = sum(post.sentiment == Sentiment.NEGATIVE for post in posts)
    theme.negative_share = round(negative / len(posts), 4)
    theme.reach = sum(post.reach for post in posts)
    theme.course = _course(theme.course, theme.hourly, now)
    theme.questions = _questions(posts)
    theme.samples = evidence.samples(posts, group.terms)


def _pace(posts: Sequence[Text], texts: Sequence[Text], now: datetime) -> _Pace:
    """How much is said of it: in the last hour, or for as far as the sample reaches."""
    oldest = texts[-1].at
    full = len(texts) < SAMPLE
    span = timedelta(hours=1) if full else min(max(now - oldest, _MINUTE), timedelta(hours=1))
    recent = sum(post.at > now - span for post in posts)
    return _Pace(recent, span / timedelta(hours=1))


_MINUTE = timedelta(minutes=1)


def _course(course: list[list[float]], hourly: float, now: datetime) -> list[list[float]]:
    """One point for each five minutes, the newest replaced until they are over."""
    at = int(now.timestamp()) // COURSE_STEP * COURSE_STEP
    before = [point for point in course if point[0] != at]
    return [*before, [at, hourly]][-COURSE:]


def _questions(posts: Sequence[Text]) -> list[dict[str, Any]]:
    """What is asked, the most asked first; what is asked in the same words counts as one."""
    asked = [post for post in posts if post.question]
    alike: Counter[str] = Counter()
    first: dict[str, Text] = {}
    for post in asked:
        wording = " ".join(words(post.text)[:12])
        key = str(post.fingerprint) if post.fingerprint else wording
        alike[key] += 1
        if key not in first or post.reach > first[key].reach:
            first[key] = post
    ranked = sorted(alike.items(), key=lambda each: (-each[1], -first[each[0]].reach))
    return [{**evidence.kept(first[key]), "asked": count} for key, count in ranked[:QUESTIONS]]


def _learn(vocabulary: Vocabulary, terms: Sequence[set[str]], now: datetime) -> None:
    """Blend the terms of this look into what is ordinary, once an hour."""
    if vocabulary.learned_at and now - vocabulary.learned_at < LEARN_EVERY:
        return
    seen = theming.shares(terms)
    # The first look is all that is known.
    weight = LEARNED if vocabulary.learned_at else 1.0
    every = seen.keys() | vocabulary.shares.keys()
    blended = {
        term: (1 - weight) * vocabulary.shares.get(term, 0.0) + weight * seen.get(term, 0.0)
        for term in every
    }
    largest = sorted(blended.items(), key=lambda each: -each[1])[:MOST_WORDS]
    vocabulary.shares = {term: round(share, 5) for term, share in largest if share >= 0.0005}
    vocabulary.learned_at = now
    vocabulary.save()
