"""Why a text got its score: the words without which it would have been scored otherwise.

Found by leaving out one word at a time and scoring what remains: true of any model, and cheap for
one text. It tells what weighed, not what was meant.
"""

import re
from dataclasses import dataclass

from .enums import CrisisType, Sentiment
from .scoring import score_batch

# Beyond this a long article would cost more than it tells.
MOST_WORDS, TOLD = 80, 4
# What a word must move, of 2 for sentiment and 1 for a crisis, to be worth telling.
LEAST = 0.03
_WORD = re.compile(r"[^\W_][\w'’-]*")


@dataclass(frozen=True)
class Why:
    """The words that weighed most, the heaviest first; empty where no single one did."""

    sentiment: list[str]
    crisis_type: list[str]


def words(text: str, *, sentiment: str, crisis_type: str) -> Why:
    """Return the words that speak for these labels. Only those that are scored so now: another
    tier, or a person, may have had reasons of its own."""
    places = list(_WORD.finditer(text))[:MOST_WORDS]
    if not places:
        return Why([], [])
    without = [text[: place.start()] + text[place.end() :] for place in places]
    scores = score_batch([text, *without])
    sign = {Sentiment.NEGATIVE: 1, Sentiment.POSITIVE: -1}.get(Sentiment(sentiment), 0)
    moved = [sign * float(each - scores.sentiment_score[0]) for each in scores.sentiment_score[1:]]
    crisis = [
        float(scores.crisis_confidence[0] - sure) if kind == crisis_type else 1.0
        for kind, sure in zip(scores.crisis_type[1:], scores.crisis_confidence[1:], strict=True)
    ]
    told = [place.group() for place in places]
    return Why(
        _heaviest(told, moved) if sign and scores.sentiment[0] == sentiment else [],
        _heaviest(told, crisis)
        if crisis_type != CrisisType.NONE and scores.crisis_type[0] == crisis_type
        else [],
    )


def _heaviest(told: list[str], moved: list[float]) -> list[str]:
    ranked = sorted(zip(moved, told, strict=True), key=lambda pair: -pair[0])
    return list(dict.fromkeys(word for weight, word in ranked if weight >= LEAST))[:TOLD]
