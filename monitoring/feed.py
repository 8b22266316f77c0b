"""One mention as a row of the stream. Made in Python, because a page of fifty is the commonest page
there is and template tags would cost several times the query. All text is escaped here; text from
outside carries its own language, and its tags are shown as text.
"""

from collections.abc import Iterable
from datetime import datetime

# Not Django's, which costs three times as much for looking whether its argument is lazy.
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core import formats, markup

from .enums import CrisisType, Sentiment
from .selectors import Post

# As much as two lines on the widest screen show; the whole text is on the mention's page.
_EXCERPT = 400
_ROW = (
    '<li class="mention" data-id="{id}" data-item><span class="network">{network}</span>'
    '<div class="grow"><div class="line"><a class="strong trunc" href="{address}" data-open>'
    '{author}</a><span class="muted meta trunc wide-only">{brand}</span>'
    '<span class="end line gap-12">{meant}<b class="reach" title="{reach_word}">{reach}</b>'
    '<span class="muted meta">{time}</span></span></div>'
    '<p class="post-text"{lang}>{text}</p>{kind}</div></li>'
)
# The address of the choice is the mention's own with "correct/" behind it (urls.py).
_MEANT = (
    '<a class="meant" href="{address}" title="{words}" hx-get="{address}correct/"'
    ' hx-swap="outerHTML">{glyph}</a>'
)
_KIND = '<span class="pill pill-outline">{}</span>'


def rows(
    posts: Iterable[Post],
    *,
    brand_names: dict[int, str],
    may_correct: set[int],
    now: datetime,
) -> SafeString:
    """Return the rows as one text, "" if there are none.

    `may_correct` are the brands whose sentiment the reader may correct.
    """
    page = _Page(brand_names, may_correct, now)
    return mark_safe("".join([page.row(post) for post in posts]))  # noqa: S308 - see _Page.row


class _Page:
    """What the rows of one page have in common, made once: words, marks, addresses."""

    def __init__(self, brand_names: dict[int, str], may_correct: set[int], now: datetime) -> None:
        self.times = markup.Times(now)
        self.may_correct = may_correct
        self.brands = {pk: escape(name) for pk, name in brand_names.items()}
        self.networks: dict[str, str] = {}
        self.base = reverse("monitoring:mentions")
        self.reach_word = escape(_("Reach"))
        self.unknown = _("Unknown author")
        self.kinds = {
            value: _KIND.format(escape(str(label))) for value, label in CrisisType.choices[1:]
        }
        self.meant = {kind: str(markup.sentiment(kind)) for kind in Sentiment.values}
        self.correct_words = escape(_("Correct the sentiment"))

    def row(self, post: Post) -> str:
        """Return the row; every value in it is escaped or made by core.markup."""
        meant = self.meant[post.meant]
        if post.brand_id in self.may_correct:
            meant = _MEANT.format(
                address=f"{self.base}{post.id}/", words=self.correct_words, glyph=meant
            )
        return _ROW.format(
            id=post.id,
            network=self.networks.get(post.network) or self._network(post.network),
            address=f"{self.base}{post.id}/",
            author=escape(post.author or self.unknown),
            brand=self.brands.get(post.brand_id, ""),
            meant=meant,
            reach_word=self.reach_word,
            reach=formats.compact(post.reach) if post.reach else "–",
            time=self.times.html(post.published_at),
            lang=f' lang="{escape(post.lang)}"' if post.lang else "",
            text=escape(_excerpt(post)),
            kind=self.kinds.get(post.crisis_type, ""),
        )

    def _network(self, name: str) -> str:
        mark = self.networks[name] = str(markup.network(name, "s14"))
        return mark


def _excerpt(post: Post) -> str:
    text = f"{post.title} – {post.text}" if post.title else post.text
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def meant(pk: int, kind: str, *, correctable: bool) -> SafeString:
    """Return the sentiment; where it can be corrected, as a link that becomes the choice."""
    glyph = markup.sentiment(kind)
    if not correctable:
        return glyph
    return mark_safe(  # noqa: S308 - the words are escaped, the rest is ours
        _MEANT.format(
            address=reverse("monitoring:mention", args=[pk]),
            words=escape(_("Correct the sentiment")),
            glyph=glyph,
        )
    )
