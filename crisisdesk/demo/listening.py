"""What the demo's first brand listens for beside itself: competitors, and its industry's topics."""

from collections.abc import Iterator
from datetime import datetime

from accounts.models import Brand, User
from monitoring.enums import QueryKind, SourceKind, WatchList
from monitoring.models import Source
from monitoring.queries import simple, spelling
from monitoring.services.queries import Wanted, create_query

from .script import ordinary_talk
from .talk import Utterance

WORLD = "branchen"
PER_HOUR = 9
QUERIES = (
    Wanted("Sølvmåge", QueryKind.BRAND, "sølvmåge* OR silvergull* OR @sølvmåge"),
    Wanted(
        "Misspellings of Sølvmåge",
        QueryKind.WATCH,
        simple.expression(spelling.suggestions("Sølvmåge", most=12)),
        WatchList.MISSPELLINGS,
    ),
    Wanted(
        "Director",
        QueryKind.WATCH,
        '"Peter Engsig" OR (direktør NEAR/8 sølvmåge*)',
        WatchList.EXECUTIVES,
    ),
    Wanted("Havnelad", QueryKind.COMPETITOR, "havnelad* OR @havnelad"),
    Wanted("Familiehjul", QueryKind.COMPETITOR, "familiehjul*"),
    Wanted("Cycle lanes", QueryKind.TOPIC, "cykelsti* OR supercykelsti* OR (cycle NEAR/1 lane*)"),
    Wanted("Safety of cargo bikes", QueryKind.TOPIC, "(ladcyk* OR cargo) AND (sikker* OR safe*)"),
)


def listen(brand: Brand, *, by: User, now: datetime) -> Source:
    """Make the queries, and a source of the industry's talk that keeps what answers them."""
    for wanted in QUERIES:
        create_query(brand, wanted, by=by)
    return Source.objects.create(
        brand=brand,
        kind=SourceKind.SIMULATOR,
        name="The industry, simulated networks",
        config={"world": WORLD, "match": True},
        poll_every=10,
        next_poll_at=now,
    )


def talk(since: datetime, until: datetime, *, seed: str) -> Iterator[Utterance]:
    """What the industry talks about, with or without the brand."""
    yield from ordinary_talk(WORLD, since, until, per_hour=PER_HOUR, seed=seed)
