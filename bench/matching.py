"""Matching: a thousand queries of all kinds against posts of real length, on one core."""

import gc
import random
import time
from functools import cache
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING, Any

from . import Measured, figure

if TYPE_CHECKING:
    from monitoring.queries.matcher import Matcher

LIMIT = 30_000
QUERIES, FEW = 1_000, 10
BATCH, BATCHES = 2_000, 10
ROUNDS = 5
VOCABULARY = 40_000
_SYLLABLES = "ka ffe fjord by vand is stor lys mad no ro ti en er øl å hus bro tog sk st al un ver"


@figure("matching, 1,000 queries", unit="mentions/s", must=">= 1", issue=3)
def thousand() -> Measured:
    """Mentions a second of processor time; the limit is what is required."""
    matcher = _matcher(QUERIES)
    rates = [_rate(matcher, seed) for seed in range(ROUNDS)]
    return Measured(value=median(rates), limit=LIMIT)


@figure("matching, 10 queries against 1,000", unit="mentions/s", must="<= 3", issue=3)
def growth() -> Measured:
    """How much faster ten of the same queries are: cost must not grow with their number."""
    few, many = _matcher(FEW), _matcher(QUERIES)
    pairs = [(_rate(few, seed), _rate(many, seed)) for seed in range(ROUNDS)]
    return Measured(
        value=median(pair[0] for pair in pairs), limit=median(pair[1] for pair in pairs)
    )


def _matcher(count: int) -> "Matcher":
    from monitoring.queries.matcher import Matcher
    from monitoring.queries.parsing import parse

    trees = []
    for number, expression in enumerate(expressions()):
        parsed = parse(expression)
        if parsed.tree is None:
            raise AssertionError(parsed.problems)
        trees.append((number, parsed.tree))
    # Every hundredth is a mixture like the whole.
    return Matcher(trees[:: QUERIES // count])


@cache
def _words() -> tuple[list[str], list[float]]:
    """Words as a language has them: few that are everywhere, many that are seldom."""
    pick = random.Random(1)
    syllables = _SYLLABLES.split()
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        found["".join(pick.choices(syllables, k=pick.randint(1, 5)))] = None
    weights = [1 / (rank + 2.7) for rank in range(VOCABULARY)]
    return list(found), list(accumulate(weights))


@cache
def expressions() -> list[str]:
    """A thousand queries as people write them; every term the language has is among them."""
    pick = random.Random(2)
    words, _weights = _words()
    common, middling, rare = words[5:60], words[300:3000], words[3000:]
    one = pick.choice

    def near() -> str:
        return f"({one(middling)} OR {one(middling)}) NEAR/{pick.randint(1, 9)} {one(common)}"

    kinds = [
        lambda: one(rare),
        lambda: f'{one(rare)} OR "{one(middling)} {one(middling)}" OR #{one(rare)}',
        lambda: f"{one(rare)} AND ({' OR '.join(pick.sample(middling, 6))})",
        lambda: f"({' OR '.join(pick.sample(rare, 12))}) NOT ({one(common)} OR {one(middling)})",
        lambda: f"{one(rare)[:5]}xy* OR {one(rare)}s? OR @{one(rare)}",
        near,
        lambda: f'"{one(common)} {one(common)} {one(middling)}" -{one(rare)}',
        lambda: f"{one(middling)} reach>{pick.randint(1, 50)}k lang:da",
        lambda: f"author:{one(rare)} OR ({one(middling)} AND network:x AND {one(rare)})",
        lambda: f"{one(middling)} AND {one(middling)} AND (stars<3 OR is:question)",
    ]
    # The kind changes every tenth query and every hundredth, so that few are as mixed as many.
    return [kinds[(n + n // 100) % len(kinds)]() for n in range(QUERIES)]


def _posts(seed: int) -> list[str]:
    """A batch of posts of 5 to 60 words with tags, names, addresses, stops and capitals."""
    pick = random.Random(100 + seed)
    words, weights = _words()
    posts = []
    for _ in range(BATCH):
        chosen = pick.choices(
            words, cum_weights=weights, k=min(60, 5 + int(pick.expovariate(0.07)))
        )
        for _mark in range(len(chosen) // 6):
            at = pick.randrange(len(chosen))
            chosen[at] = pick.choice(("{}.", "{},", "{}!", "#{}", "@{}", "“{}”")).format(chosen[at])
        if pick.random() < 0.3:
            chosen.append(f"https://x.example/{pick.getrandbits(40):x}")
        posts.append(" ".join(chosen).capitalize())
    return posts


def _columns(posts: list[str], pick: random.Random) -> Any:
    count = range(len(posts))
    words, weights = _words()
    columns = {
        "author": pick.choices(words, cum_weights=weights, k=len(posts)),
        "lang": [pick.choice(("da", "en", "no")) for _ in count],
        "network": [pick.choice(("x", "facebook", "news")) for _ in count],
        "reach": [int(pick.paretovariate(0.5) * 100) for _ in count],
        "stars": [pick.choice((None, None, 1.0, 5.0)) for _ in count],
        "question": [pick.random() < 0.2 for _ in count],
    }
    return columns.__getitem__


def _rate(matcher: "Matcher", seed: int) -> float:
    """Posts a second of this process's time; the first batch of a new vocabulary included."""
    batches = [
        (texts := _posts(seed * 50 + n), _columns(texts, random.Random(n))) for n in range(BATCHES)
    ]
    # The bench's own objects are not what the collector should be busy with.
    gc.collect()
    gc.freeze()
    began = time.process_time()
    hits = sum(len(matcher.match(texts, columns)) for texts, columns in batches)
    if not hits:
        raise AssertionError("no query answered anything")
    return BATCH * BATCHES / (time.process_time() - began)
