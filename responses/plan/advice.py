"""What a message map could do better, by Covello's limits. Advice: nothing is refused for it.

27/9/3: three messages, 27 words and nine seconds for all of them together, three facts to each.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MESSAGES, WORDS, SECONDS, FACTS = 3, 27, 9, 3
# Words that are said in a second: 27 take nine.
PACE = WORDS / SECONDS
_WORD = re.compile(r"\w[\w'’.,:-]*")


@dataclass(frozen=True)
class Measured:
    """How long a map is: words and seconds are of all its messages together."""

    messages: int
    words: int
    seconds: int


def measure(row: Mapping[str, Any]) -> Measured:
    words = sum(len(_WORD.findall(message["text"])) for message in row["messages"])
    return Measured(len(row["messages"]), words, round(words / PACE))


def advice(row: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each limit that the map does not keep, in the active language."""
    return list(_said(row, measure(row)))


def _said(row: Mapping[str, Any], found: Measured) -> Iterator[str]:
    if found.messages != MESSAGES:
        yield ngettext(
            "%(count)d message: three are remembered.",
            "%(count)d messages: three are remembered.",
            found.messages,
        ) % {"count": found.messages}
    if found.words > WORDS:
        yield _("%(words)d words: more than 27 are cut when they are quoted.") % {
            "words": found.words
        }
    if found.seconds > SECONDS:
        yield _("About %(seconds)d seconds to say: a quote on the air has nine.") % {
            "seconds": found.seconds
        }
    for number, message in enumerate(row["messages"], start=1):
        if (count := len(message["facts"])) != FACTS:
            yield ngettext(
                "Message %(number)d has %(count)d fact behind it; three hold it up.",
                "Message %(number)d has %(count)d facts behind it; three hold it up.",
                count,
            ) % {"number": number, "count": count}
