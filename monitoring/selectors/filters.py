"""What of the stream is wanted, and as conditions of the query that reads it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from monitoring.chart import TriageState
from monitoring.enums import About, Blame, CrisisType, Emotion, Sentiment

NEWEST, REACH = "newest", "reach"
# In place of a person's id: mentions that nobody has.
NOBODY = 0
# From here on a text is marked as a probable machine's or campaign's.
SUSPICIOUS = 0.5
MOST_WORDS = 8
MEANT = "coalesce(nullif(m.corrected_sentiment, ''), m.sentiment)"
_STATE = (
    "coalesce((SELECT s.state FROM monitoring_mentionstate s WHERE s.mention_id = m.id), 'new')"
)
_ASSIGNED = (
    "EXISTS (SELECT FROM monitoring_mentionstate s WHERE s.mention_id = m.id AND s.assignee_id {})"
)
# A theme is words that go together: what holds one of the first of them is of it.
_OF_THEME = (
    "EXISTS (SELECT FROM monitoring_theme AS theme, unnest(theme.terms[1:4]) AS term"
    " WHERE theme.id = %(theme)s AND theme.brand_id = m.brand_id"
    " AND strpos(lower(m.title || ' ' || m.text), lower(term)) > 0)"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the page before ended: the last row's time (or reach) and id."""

    value: Any
    id: int


@dataclass(frozen=True)
class Filters:
    """What of the stream is wanted; empty means all. `until` is exclusive.

    `assignee` is a person's id or NOBODY; `stars` the most that a review may have given;
    `fold` shows near-duplicates as one.
    """

    brands: Sequence[int] = ()
    networks: Sequence[str] = ()
    sources: Sequence[int] = ()
    sentiments: Sequence[str] = ()
    emotions: Sequence[str] = ()
    crisis_types: Sequence[str] = ()
    blames: Sequence[str] = ()
    languages: Sequence[str] = ()
    queries: Sequence[int] = ()
    about: Sequence[str] = (About.BRAND.value,)
    states: Sequence[str] = ()
    assignee: int | None = None
    fingerprint: int | None = None
    theme: int | None = None
    question: bool = False
    suspicious: bool = False
    reach: int = 0
    stars: float | None = None
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None
    order: str = NEWEST
    fold: bool = True

    @property
    def handled(self) -> bool:
        """Whether only mentions are wanted that somebody has handled: there are few of them."""
        return bool(self.states) and TriageState.NEW not in self.states

    @property
    def plain(self) -> bool:
        """Whether the index alone finds what is wanted, however rare it is."""
        if self.handled:
            return True
        kept = replace(self, brands=(), since=None, until=None, order=NEWEST, fold=True)
        return kept == Filters()


def pack(filters: Filters) -> dict[str, Any]:
    """Return the filters as JSON."""
    found = asdict(filters)
    for name in ("since", "until"):
        found[name] = found[name] and found[name].isoformat()
    return found


def unpack(stored: dict[str, Any]) -> Filters:
    """Return what `pack` made."""
    found = dict(stored)
    for name in ("since", "until"):
        found[name] = found[name] and datetime.fromisoformat(found[name])
    return Filters(**found)


@dataclass
class Conditions:
    """Conditions on `m`, a mention, with their values."""

    wheres: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, where: str, **values: Any) -> None:
        self.wheres.append(where)
        self.values.update(values)

    def among(self, column: str, wanted: Sequence[Any], known: Sequence[Any] | None = None) -> None:
        """The column is one of `wanted`, of which only those `known` count; none wanted, all."""
        if wanted:
            values = [each for each in wanted if known is None or each in known]
            self.add(f"m.{column} = ANY(%({column})s)", **{column: values})

    @property
    def sql(self) -> str:
        # Conditions are our own words; every value goes as a parameter.
        return "".join(f" AND {where}" for where in self.wheres)


def conditions(filters: Filters) -> Conditions:
    found = Conditions()
    _labels(found, filters)
    _figures(found, filters)
    _handling(found, filters)
    if filters.since:
        found.add("m.published_at >= %(since)s", since=filters.since)
    if filters.until:
        found.add("m.published_at < %(until)s", until=filters.until)
    for number, word in enumerate(filters.words.split()[:MOST_WORDS]):
        name = f"word{number}"
        found.add(f"(m.text ILIKE %({name})s OR m.title ILIKE %({name})s)", **{name: _like(word)})
    return found


def _labels(found: Conditions, filters: Filters) -> None:
    found.among("network", filters.networks)
    found.among("source_id", filters.sources)
    found.among("crisis_type", filters.crisis_types, CrisisType.values)
    found.among("emotion", filters.emotions, Emotion.values)
    found.among("blame", filters.blames, Blame.values)
    found.among("lang", filters.languages)
    found.among("about", filters.about, About.values)
    if filters.sentiments:
        known = [kind for kind in filters.sentiments if kind in Sentiment.values]
        found.add(f"{MEANT} = ANY(%(meant)s)", meant=known)
    if filters.queries:
        found.add("m.queries && %(queries)s::integer[]", queries=list(filters.queries))


def _figures(found: Conditions, filters: Filters) -> None:
    if filters.question:
        found.add("m.question")
    if filters.suspicious:
        found.add("m.suspicion >= %(suspicion)s", suspicion=SUSPICIOUS)
    if filters.fingerprint is not None:
        found.add("m.fingerprint = %(fingerprint)s", fingerprint=filters.fingerprint)
    if filters.theme is not None:
        found.add(_OF_THEME, theme=filters.theme)
    if filters.reach:
        found.add("m.reach >= %(reach)s", reach=filters.reach)
    if filters.stars is not None:
        found.add("m.stars <= %(stars)s", stars=filters.stars)


def _handling(found: Conditions, filters: Filters) -> None:
    if filters.handled:
        # Its own table is read first, see stream.py.
        found.values["states"] = list(filters.states)
    elif filters.states:
        found.add(f"{_STATE} = ANY(%(states)s)", states=list(filters.states))
    if filters.assignee == NOBODY:
        found.add("NOT " + _ASSIGNED.format("IS NOT NULL"))
    elif filters.assignee is not None:
        found.add(_ASSIGNED.format("= %(assignee)s"), assignee=filters.assignee)


def _like(word: str) -> str:
    return "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
