"""One mention as a row of the stream. Made in Python, because a page of fifty is the commonest page
there is and template tags would cost several times the query. All text is escaped here; text from
outside carries its own language, and its tags are shown as text.
"""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core import formats, markup

from .enums import CrisisType
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
_KIND = '<span class="pill pill-outline">{}</span>'


def rows(
    posts: Iterable[Post],
    *,
    brand_names: dict[int, str],
    may_correct: set[int],
    now: datetime,
) -> list[SafeString]:
    """Return the rows. `may_correct` are the brands whose sentiment the reader may correct."""
    reach_word = escape(_("Reach"))
    kinds = {value: escape(label) for value, label in CrisisType.choices if value != "none"}
    base = reverse("monitoring:mentions")
    return [
        mark_safe(  # noqa: S308 - every value is escaped or made by core.markup
            _ROW.format(
                id=post.id,
                network=markup.network(post.network, "s14"),
                address=f"{base}{post.id}/",
                author=escape(post.author or _("Unknown author")),
                brand=escape(brand_names.get(post.brand_id, "")),
                meant=meant(post.id, post.meant, correctable=post.brand_id in may_correct),
                reach_word=reach_word,
                reach=formats.compact(post.reach) if post.reach else "–",
                time=markup.time(post.published_at, now=now),
                lang=f' lang="{escape(post.lang)}"' if post.lang else "",
                text=escape(_excerpt(post)),
                kind=_KIND.format(kinds[post.crisis_type]) if post.crisis_type in kinds else "",
            )
        )
        for post in posts
    ]


def _excerpt(post: Post) -> str:
    text = f"{post.title} – {post.text}" if post.title else post.text
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def meant(pk: int, kind: str, *, correctable: bool) -> SafeString:
    """Return the sentiment; where it can be corrected, as a link that becomes the choice."""
    glyph = markup.sentiment(kind)
    if not correctable:
        return glyph
    words = escape(_("Correct the sentiment"))
    return mark_safe(  # noqa: S308 - words are escaped
        f'<a class="meant" href="{reverse("monitoring:mention", args=[pk])}" title="{words}"'
        f' hx-get="{reverse("monitoring:correct", args=[pk])}" hx-swap="outerHTML">{glyph}</a>'
    )
