"""What the concern board shows, and what the desk suggests for it: reading only.

A conversation looks like a concern when its words are the concern's (monitoring.theming), or when
it is a near-duplicate of one that is there. The same texts always give the same suggestions.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count, QuerySet

from incidents.models import Incident
from monitoring import theming
from monitoring.models import Mention
from monitoring.models_signals import Vocabulary

from . import reach as reaching
from . import selectors_engage
from .enums import DraftState, PublicationState
from .enums_engage import ConversationState, RunKind
from .enums_plan import Audience
from .models import Draft, Version
from .models_engage import Answer, AnswerRun, Concern, Conversation
from .plan import order

# Conversations that are looked at for suggestions, and those that speak for a concern.
LOOKED_AT = 400
SPEAK = 60
# A word is a concern's when so many of its conversations have it; and how many a text must share.
OFTEN = 0.3
ALIKE = 0.34
LEAST_SHARED = 2
# Groups suggested for the board, and texts shown of each.
MOST_GROUPS = 5
SHOWN = 3


@dataclass(frozen=True)
class Text:
    """A text to send: the draft, whether it is approved, to how many it would go, and who has to
    be told before it leaves."""

    draft: Draft
    version: Version
    ready: bool
    to: int
    waits_for: list[Audience] = field(default_factory=list)


@dataclass
class Card:
    """A concern with its figures; `alike` are conversations that seem to ask the same."""

    concern: Concern
    asked: int = 0
    answered: int = 0
    answer: Text | None = None
    fix: Text | None = None
    told: int = 0
    runs: list["Progress"] = field(default_factory=list)
    alike: list[int] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.asked - self.answered

    @property
    def share(self) -> float:
        return self.answered / self.asked if self.asked else 0.0


@dataclass(frozen=True)
class Progress:
    """How far a run has come."""

    run: AnswerRun
    states: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def sent(self) -> int:
        return self.states.get(PublicationState.SENT, 0)

    @property
    def left(self) -> int:
        under_way = (PublicationState.QUEUED, PublicationState.SENDING)
        return sum(self.states.get(state, 0) for state in under_way)

    @property
    def failed(self) -> int:
        return self.states.get(PublicationState.FAILED, 0)

    @property
    def unsure(self) -> int:
        return self.states.get(PublicationState.UNCERTAIN, 0)

    @property
    def may_halt(self) -> bool:
        return self.run.halted_at is None and self.left > 0


@dataclass(frozen=True)
class Group:
    """Conversations under no concern that speak of the same."""

    name: str
    ids: list[int]
    texts: list[str]


_FIGURES = """
SELECT concern_id, count(DISTINCT person),
    count(DISTINCT person) FILTER (WHERE first_reply_at IS NOT NULL)
FROM responses_conversation
WHERE concern_id = ANY(%s) AND gone_at IS NULL AND state <> 'IGNORED' GROUP BY concern_id
"""


def cards(incident: Incident, *, suggest: bool = True) -> list[Card]:
    """The incident's concerns, those with most people unanswered first."""
    concerns = list(
        Concern.objects.filter(incident=incident).select_related(
            "owner", "answer__incident", "fix__incident", "incident__brand"
        )
    )
    found = {each.pk: Card(each) for each in concerns}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [list(found)])
        for pk, asked, answered in cursor.fetchall():
            found[pk].asked, found[pk].answered = asked, answered
    for each in progress(AnswerRun.objects.filter(concern__in=found)):
        found[each.run.concern_id].runs.append(each)
    _add_texts(found, incident)
    if suggest:
        _add_alike(incident, found)
    return sorted(found.values(), key=lambda card: (-card.left, card.concern.number))


def progress(runs: QuerySet[AnswerRun]) -> list[Progress]:
    """How far each of these runs has come, the latest first. Two queries."""
    shown = list(runs.select_related("started_by", "halted_by").order_by("-started_at", "-pk"))
    rows = Answer.objects.filter(run__in=shown).order_by().values_list("run", "state")
    states: dict[int, dict[str, int]] = {}
    for run_id, state, count in rows.annotate(count=Count("pk")):
        if run_id is not None:
            states.setdefault(run_id, {})[state] = count
    return [Progress(run, states.get(run.pk, {})) for run in shown]


def _add_texts(found: dict[int, Card], incident: Incident) -> None:
    """What is written for each, to how many it would go, and for whom it waits. Queries do not
    grow with their number."""
    drafts = [each.concern.answer for each in found.values()]
    drafts += [each.concern.fix for each in found.values()]
    wanted = {draft.pk: draft.version for draft in drafts if draft is not None}
    versions = {
        version.draft_id: version
        for version in Version.objects.filter(draft__in=wanted)
        if wanted[version.draft_id] == version.number
    }
    reach = reaching.reach(found)
    waits = order.waits(incident, [each for each in drafts if each is not None])
    for pk, card in found.items():
        concern = card.concern
        card.answer = _text(
            concern.answer, versions, reach.left.get((pk, RunKind.ANSWER), 0), waits
        )
        card.fix = _text(concern.fix, versions, reach.left.get((pk, RunKind.FIXED), 0), waits)
        card.told = reach.told.get(pk, 0)


def _text(
    draft: Draft | None,
    versions: dict[int, Version],
    to: int,
    waits: dict[int, list[Audience]],
) -> Text | None:
    """Whether it still stands is asked again when it is sent, and before each one leaves."""
    if draft is None:
        return None
    ready = draft.state == DraftState.APPROVED
    return Text(draft, versions[draft.pk], ready, to, waits.get(draft.pk, []))


# Suggestions


def _free(incident: Incident) -> list[tuple[Conversation, Mention]]:
    """The latest conversations to answer that are under no concern, with their last message."""
    rows = selectors_engage.of_incident(incident).filter(
        concern=None, state__in=(ConversationState.OPEN, ConversationState.WAITING)
    )
    shown = list(rows.order_by("-last_at", "-pk")[:LOOKED_AT])
    posts = selectors_engage.mentions(shown)
    return [(row, posts[row.mention_id]) for row in shown if row.mention_id in posts]


def _speaking(found: Iterable[int]) -> dict[int, list[Mention]]:
    """The latest messages of each concern's conversations."""
    spoken: dict[int, list[Mention]] = {}
    rows = list(
        Conversation.objects.filter(concern__in=found, gone_at=None).order_by("-last_at")[
            : SPEAK * 20
        ]
    )
    posts = selectors_engage.mentions(rows)
    for row in rows:
        said = spoken.setdefault(row.concern_id or 0, [])
        if row.mention_id in posts and len(said) < SPEAK:
            said.append(posts[row.mention_id])
    return spoken


def _add_alike(incident: Incident, found: dict[int, Card]) -> None:
    free = _free(incident) if found else []
    if not free:
        return
    ignored = theming.ignored_for(incident.brand.name)
    terms = {row.pk: theming.terms_of(post.text, ignored) for row, post in free}
    spoken = _speaking(found)
    for pk, card in found.items():
        said = spoken.get(pk, [])
        own = profile(card.concern.question, [post.text for post in said], ignored)
        prints = {post.fingerprint for post in said if post.fingerprint}
        card.alike = [
            row.pk
            for row, post in free
            if post.fingerprint in prints or is_alike(terms[row.pk], own)
        ]


def profile(question: str, texts: Sequence[str], ignored: frozenset[str]) -> set[str]:
    """The words of a concern: those of its question, and those that its texts often have."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(theming.terms_of(text, ignored))
    least = max(2, OFTEN * len(texts))
    often = {term for term, count in counts.items() if count >= least}
    return theming.terms_of(question, ignored) | often


def is_alike(terms: set[str], own: set[str]) -> bool:
    """Whether a text shares enough single words with a concern."""
    here = {word for word in terms if " " not in word}
    there = {word for word in own if " " not in word}
    shared = len(here & there)
    return shared >= LEAST_SHARED and shared >= ALIKE * min(len(here), len(there))


def groups(incident: Incident) -> list[Group]:
    """What is asked often and is not on the board: the largest first."""
    free = _free(incident)
    ignored = theming.ignored_for(incident.brand.name)
    vocabulary = Vocabulary.objects.filter(brand=incident.brand_id).first()
    usual = vocabulary.shares if vocabulary else {}
    terms = [theming.terms_of(post.text, ignored) for _row, post in free]
    return [
        Group(
            each.name,
            [free[place][0].pk for place in each.posts],
            [free[place][1].text[:200] for place in each.posts[:SHOWN]],
        )
        for each in theming.group(terms, usual)[:MOST_GROUPS]
    ]
