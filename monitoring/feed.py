"""One mention as a row of the stream. Made in Python, because a page of fifty is the commonest page
there is and template tags would cost several times the query. All text is escaped here; text from
outside carries its own language, and its tags are shown as text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

# Not Django's, which costs three times as much for looking whether its argument is lazy.
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats, markup

from .chart import PostKind, TriageState
from .enums import Blame, CrisisType, Emotion, Sentiment
from .panels import TAGS, Tag
from .selectors import Post
from .selectors.filters import SUSPICIOUS

# As much as two lines on the widest screen show; the whole text is on the mention's page.
_EXCERPT = 400
# How far from an older mention its near-duplicates are looked for.
_NEAR = timedelta(days=3)
# Names come from outside: no more marks are remembered than there can be networks.
_MOST_NETWORKS = 100
_ROW = (
    '<li class="mention" data-id="{id}" data-item>{pick}<span class="network">{network}</span>'
    '<div class="grow"><div class="line"><a class="strong trunc" href="{address}" data-open>'
    '{author}</a><span class="muted meta trunc wide-only">{brand}</span>'
    '<span class="end line gap-12">{meant}<b class="reach" title="{reach_word}">{reach}</b>'
    '<span class="muted meta">{time}</span></span></div>'
    '<p class="post-text"{lang}>{text}</p>{marks}{handling}</div></li>'
)
_PICK = (
    '<input class="form-check-input pick" type="checkbox" data-pick name="mention"'
    ' form="pick" value="{id}"'
    ' data-reach="{reach}" aria-label="{words}">'
)
# The address of the choice is the mention's own with "correct/" behind it (urls.py).
_MEANT = (
    '<a class="meant" href="{address}" title="{words}" hx-get="{address}correct/"'
    ' hx-swap="outerHTML">{glyph}</a>'
)
_PILL = '<span class="pill pill-outline">{}</span>'
_HANDLING = (
    '<span class="handling" id="handling-{id}" data-handling="{id}" data-version="{version}">'
    "{words}</span>"
)
_STATE_LOOKS = {
    TriageState.DOING: "pill-amber",
    TriageState.ANSWERED: "pill-green",
    TriageState.DONE: "pill-green",
    TriageState.IGNORED: "",
}


@dataclass(frozen=True)
class Shown:
    """Who reads the rows, and what they need beside the posts themselves.

    `may_triage` are the brands whose mentions the reader may work on; `address` is the stream's
    own, to which the parameter of a group of near-duplicates is added.
    """

    now: datetime
    brand_names: Mapping[int, str]
    may_triage: frozenset[int]
    tags: Mapping[int, list[Tag]] = field(default_factory=dict)
    address: str = "?"


def tags(mention_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """Return what the rooms above say that these mentions belong to."""
    found: dict[int, list[Tag]] = {}
    for told in TAGS if mention_ids else ():
        for pk, some in told(mention_ids).items():
            found.setdefault(pk, []).extend(some)
    return found


def rows(posts: Iterable[Post], shown: Shown) -> SafeString:
    """Return the rows as one text, "" if there are none."""
    page = _Page(shown)
    return mark_safe("".join([page.row(post) for post in posts]))  # noqa: S308 - see _Page.row


class _Words:
    """What rows say in one language, made once: words, marks, addresses."""

    def __init__(self) -> None:
        self.networks: dict[str, str] = {}
        self.base = reverse("monitoring:mentions")
        self.reach = escape(_("Reach"))
        self.unknown = _("Unknown author")
        self.pick = escape(_("Select the mention by %(author)s"))
        self.correct = escape(_("Correct the sentiment"))
        self.kinds = _pills(CrisisType.choices[1:])
        self.emotions = _pills(Emotion.choices[1:])
        self.blames = _pills([(Blame.US.value, _("Blames us"))])
        self.question = _PILL.format(escape(_("Question")))
        self.campaign = f'<span class="pill pill-amber">{escape(_("Probable campaign"))}</span>'
        self.meant = {kind: str(markup.sentiment(kind)) for kind in Sentiment.values}

    def network(self, name: str) -> str:
        mark = self.networks.get(name)
        if mark is None:
            if len(self.networks) > _MOST_NETWORKS:
                self.networks.clear()
            mark = self.networks[name] = str(markup.network(name, "s14"))
        return mark


@lru_cache(maxsize=8)
def _words(_language: str) -> _Words:
    return _Words()


class _Page:
    """What the rows of one page have in common."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.words = _words(formats.language())
        self.times = markup.Times(shown.now)
        self.brands = {pk: escape(name) for pk, name in shown.brand_names.items()}

    def row(self, post: Post) -> str:
        """Return the row; every value in it is escaped or made by core.markup."""
        words = self.words
        meant, pick, author = words.meant[post.meant], "", escape(post.author or words.unknown)
        address = f"{words.base}{post.id}/"
        if post.brand_id in self.shown.may_triage:
            meant = _MEANT.format(address=address, words=words.correct, glyph=meant)
            pick = _PICK.format(id=post.id, reach=post.reach, words=words.pick % {"author": author})
        return _ROW.format(
            id=post.id,
            pick=pick,
            network=words.network(post.network),
            address=address,
            author=author,
            brand=self.brands.get(post.brand_id, ""),
            meant=meant,
            reach_word=words.reach,
            reach=formats.compact(post.reach) if post.reach else "–",
            time=self.times.html(post.published_at),
            lang=f' lang="{escape(post.lang)}"' if post.lang else "",
            text=escape(_excerpt(post)),
            marks=self._marks(post),
            handling=handling(post.id, post.version, post.state, post.kind, post.assignee),
        )

    def _marks(self, post: Post) -> str:
        """What is to be seen at a glance: the incident first, near-duplicates last."""
        words = self.words
        made = words.kinds.get(post.crisis_type, "") + words.emotions.get(post.emotion, "")
        made += words.blames.get(post.blame, "")
        if post.question:
            made += words.question
        if post.stars is not None:
            made += _PILL.format(escape(stars(post.stars)))
        if post.suspicion >= SUSPICIOUS:
            made += words.campaign
        if tags := self.shown.tags.get(post.id):
            made = "".join(map(_tag, tags)) + made
        return made + self._alike(post) if post.alike > 1 else made

    def _alike(self, post: Post) -> str:
        more = post.alike - 1
        words = ngettext("+%(count)s alike", "+%(count)s alike", more) % {"count": more}
        joint = "&" if len(self.shown.address) > 1 else ""
        address = f"{self.shown.address}{joint}alike={post.fingerprint}"
        if post.published_at < self.shown.now - _NEAR and "since=" not in address:
            # Without days of its own the search would look at the last week only.
            days = (post.published_at - _NEAR, post.published_at + _NEAR)
            address += "&since={:%Y-%m-%d}&until={:%Y-%m-%d}".format(*days)
        address = escape(address)
        return f'<a class="pill pill-iris" href="{address}">{escape(words)}</a>'


def _pills(choices: Iterable[tuple[str, object]]) -> dict[str, str]:
    return {value: _PILL.format(escape(str(label))) for value, label in choices}


def _tag(tag: Tag) -> str:
    return f'<a class="pill pill-red" href="{escape(tag.url)}">{escape(tag.text)}</a>'


def stars(given: float) -> str:
    """Return a review's stars in words."""
    return _("%(stars)s of 5 stars") % {"stars": formats.number(given, int(given % 1 > 0))}


def handling(
    pk: int, version: int | None, state: str | None, kind: str | None, assignee: str | None
) -> str:
    """Return what people have done about the mention: the part of its row that follows live."""
    if state is None:
        return _HANDLING.format(id=pk, version=version or 0, words="")
    words = ""
    if look := _STATE_LOOKS.get(TriageState(state)):
        words = f'<span class="pill {look}">{escape(str(TriageState(state).label))}</span>'
    elif state == TriageState.IGNORED:
        words = f'<span class="pill">{escape(str(TriageState(state).label))}</span>'
    if kind:
        words += _PILL.format(escape(kind_words(kind)))
    if assignee:
        words += f'<span class="meta soft">{markup.icon("user", "s14")} {escape(assignee)}</span>'
    return _HANDLING.format(id=pk, version=version, words=words)


def kind_words(kind: str) -> str:
    """Return the chart's kind in short: what stands before the colon."""
    return str(PostKind(kind).label).partition(":")[0]


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
