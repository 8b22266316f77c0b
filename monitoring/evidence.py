"""What a heap of posts has that the posts before it had not: words, networks, authors, places.

Read from a bounded sample, newest first; compared with `monitoring.distinctive`. Everything is
returned as reasons: codes and figures.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from math import log1p
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.db.models.functions import Left

from accounts.models import Brand

from .distinctive import READ, deviations, distinctive, words
from .enums import About, CrisisType, Sentiment
from .models import Mention
from .visible import standing

Reason = dict[str, Any]

SAMPLES = 5
# A kind of crisis is named if at least this share speaks of it, and this much more than before.
KIND_SHARE = 0.15
KIND_RISE = 1.5
# Followers from which an account is worth naming.
LARGE = 1000
# A share that rose is told if it is at least this, and so many standard deviations more.
RISEN_SHARE = 0.2
DEVIATIONS = 2.5
# Three authors who write so much of it make the difference; so do copies of one text.
AUTHORS_SHARE = 0.25
COPIES_SHARE = 0.25
LEAST_TEXTS = 12
LEAST_PLACE = 3
_PLACES = Path(__file__).parent / "data" / "places.txt"


@dataclass(frozen=True, slots=True)
class Text:
    """A mention as far as it explains anything. `at` is when it was published."""

    pk: int
    at: datetime
    author: str
    text: str
    reach: int
    sentiment: str
    crisis_type: str
    network: str
    fingerprint: int
    question: bool


@dataclass(frozen=True)
class Heaps:
    """The texts of the matter and those of the time before it, and the brand's name."""

    recent: Sequence[Text]
    earlier: Sequence[Text]
    name: str


def texts(
    brand_id: int, since: datetime, until: datetime, *, limit: int, only: Q | None = None
) -> list[Text]:
    """The newest mentions of a time, as many as are read."""
    period = Mention.objects.filter(
        only or Q(),
        brand_id=brand_id,
        about=About.BRAND,
        published_at__gte=since,
        published_at__lte=until,
    )
    rows = standing(period).order_by("-published_at", "-id")
    columns = (
        "pk", "published_at", "author", "start", "reach", "sentiment", "crisis_type", "network",
        "fingerprint", "question",
    )  # fmt: skip
    return [
        Text(*row) for row in rows.annotate(start=Left("text", READ)).values_list(*columns)[:limit]
    ]


def brand_name(brand_id: int) -> str:
    name: str = Brand.objects.values_list("name", flat=True).get(pk=brand_id)
    return name


def telling_words(heaps: Heaps) -> list[str]:
    # The brand's name is in every text; its hashtag is one word.
    names = (heaps.name, "".join(heaps.name.split()))
    recent = [text.text for text in heaps.recent]
    return distinctive(recent, [text.text for text in heaps.earlier], ignore=names)


def risen_networks(heaps: Heaps) -> Reason:
    """The networks whose share of what is said rose, with their share now and before."""
    now = Counter(text.network for text in heaps.recent)
    then = Counter(text.network for text in heaps.earlier)
    risen = [
        [network, round(count / len(heaps.recent), 3), _share(then[network], heaps.earlier)]
        for network, count in now.most_common(3)
        if count >= RISEN_SHARE * len(heaps.recent)
        and deviations(count, len(heaps.recent), then[network], len(heaps.earlier)) >= DEVIATIONS
    ]
    return {"code": "risen", "networks": risen if heaps.earlier else []}


def _share(count: int, of: Sequence[Text]) -> float:
    return round(count / len(of), 3) if of else 0.0


def places(heaps: Heaps) -> Reason:
    """The places that are named more than before, the most telling first."""
    known = _known_places()
    now, then = _named(heaps.recent, known), _named(heaps.earlier, known)
    scored = {
        place: deviations(count, len(heaps.recent), then[place], len(heaps.earlier))
        for place, count in now.items()
        if count >= max(LEAST_PLACE, 0.02 * len(heaps.recent))
    }
    telling = sorted(
        (place for place, score in scored.items() if score >= DEVIATIONS),
        key=lambda place: (-scored[place], place),
    )
    return {"code": "places", "places": [[known[place], now[place]] for place in telling[:3]]}


@lru_cache(maxsize=1)
def _known_places() -> dict[str, str]:
    """Place names by how they are compared; a line of the file may hold several of one place."""
    found = {}
    for line in _PLACES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            every = line.split("|")
            found.update({" ".join(words(name)): every[0] for name in every})
    return found


def _named(texts: Sequence[Text], known: dict[str, str]) -> Counter[str]:
    """In how many texts each place is named."""
    counts: Counter[str] = Counter()
    for text in texts:
        said = [word.lstrip("#") for word in words(text.text)]
        pairs = {f"{a} {b}" for a, b in pairwise(said)}
        counts.update((set(said) | pairs) & known.keys())
    return counts


def largest_accounts(heaps: Heaps) -> Reason:
    """The accounts that most people follow, each once."""
    reach: dict[str, int] = {}
    for text in heaps.recent:
        if text.author and text.reach >= LARGE:
            reach[text.author] = max(text.reach, reach.get(text.author, 0))
    largest = sorted(reach.items(), key=lambda each: (-each[1], each[0]))[:3]
    return {"code": "accounts", "accounts": [[author, followers] for author, followers in largest]}


def busiest_authors(heaps: Heaps) -> Reason:
    """Who writes most of it, where a few make the difference."""
    counts = Counter(text.author for text in heaps.recent if text.author)
    before = Counter(text.author for text in heaps.earlier)
    most = [(author, count) for author, count in counts.most_common(3) if count > 2]
    share = sum(count for _author, count in most) / max(len(heaps.recent), 1)
    usual = sum(before[author] for author, _count in most) / max(len(heaps.earlier), 1)
    telling = len(heaps.recent) >= LEAST_TEXTS and share >= max(AUTHORS_SHARE, 2 * usual)
    return {
        "code": "authors",
        "authors": [list(each) for each in most] if telling else [],
        "share": round(share, 3),
    }


def copies(heaps: Heaps) -> Reason | None:
    """How much of it is one text, passed on or pasted."""
    prints = Counter(text.fingerprint for text in heaps.recent if text.fingerprint)
    _print, most = max(prints.items(), key=lambda each: each[1], default=(0, 0))
    share = most / max(len(heaps.recent), 1)
    if len(heaps.recent) < LEAST_TEXTS or share < COPIES_SHARE:
        return None
    return {"code": "copies", "share": round(share, 3), "count": most}


def crisis_type(heaps: Heaps) -> CrisisType:
    """The kind that most of what is said speaks of, if it is much and more than before."""
    now, then = _types(heaps.recent), _types(heaps.earlier)
    now.pop(CrisisType.NONE.value, None)
    if not now:
        return CrisisType.NONE
    kind, count = max(now.items(), key=lambda each: (each[1], each[0]))
    share = count / len(heaps.recent)
    before = then[kind] / len(heaps.earlier) if heaps.earlier else 0.0
    named = share >= KIND_SHARE and share >= KIND_RISE * before
    return CrisisType(kind) if named else CrisisType.NONE


def _types(texts: Sequence[Text]) -> Counter[str]:
    return Counter(text.crisis_type for text in texts)


def samples(recent: Sequence[Text], telling: Sequence[str]) -> list[dict[str, Any]]:
    """The posts that show it best: telling words, reach, negative; no wording twice."""
    best: list[Text] = []
    seen: set[str] = set()
    for text in sorted(recent, key=lambda text: (-_weight(text, telling), text.pk)):
        wording = " ".join(words(text.text))[:80]
        if wording not in seen:
            seen.add(wording)
            best.append(text)
        if len(best) == SAMPLES:
            break
    return [kept(text) for text in best]


def kept(text: Text) -> dict[str, Any]:
    """A mention as a row of another table keeps it."""
    return {"id": text.pk, "published_at": text.at.isoformat()}


def _weight(text: Text, telling: Sequence[str]) -> float:
    said = f" {' '.join(words(text.text))} "
    typical = sum(f" {term} " in said for term in telling)
    return log1p(text.reach) + 2 * typical + (text.sentiment == Sentiment.NEGATIVE)
