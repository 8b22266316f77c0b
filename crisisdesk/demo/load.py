"""Loads the demo organisation: people, two weeks of ordinary talk, and a crisis that is coming."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Brand, Membership, User
from accounts.selectors import anyone
from accounts.services import create_brand
from connectors.base import Post
from connectors.models import ConnectedAccount, SimulatedPost
from core.clock import database_now
from core.errors import Refused
from monitoring import ingest, judge
from monitoring.enums import SourceKind
from monitoring.models import Source

from . import listening, past
from .duty import plan_duty
from .marketing import plan_marketing
from .people import BRANDS, LEAD, PASSWORD, PEOPLE, DemoBrand
from .prepared import prepare
from .script import crisis_talk, ordinary_talk
from .talk import Utterance

HISTORY = timedelta(days=14)
FUTURE = timedelta(days=2)
# Long enough to sign in and look around before the first bad post.
CRISIS_IN = timedelta(seconds=75)
POLL_EVERY = 2
SEED = "harbour"


def load(*, now: datetime, crisis_in: timedelta = CRISIS_IN, speed: float = 1) -> None:
    """Fill an empty database. Refuses one that has people: a demo is not mixed with real work."""
    if anyone():
        raise Refused("There are people in this database already; the demo wants an empty one.")
    with transaction.atomic():
        people = _people()
        brands = [_brand(each, people, now=now) for each in BRANDS]
    _listen_to_the_industry(brands[0], people[LEAD.email], now=now)
    plan_marketing(brands[0], people[LEAD.email], now=now)
    for each, brand in zip(BRANDS, brands, strict=True):
        source = _source(each, brand, now=now)
        talk = [*ordinary_talk(each.slug, now - HISTORY, now, per_hour=each.per_hour, seed=SEED)]
        if each.slug == past.BRAND:
            talk.extend(past.talk(now, seed=SEED))
            past.live_through(brand, people, now=now)
        ingest.accept(source, [_post(said, number) for number, said in enumerate(talk)], now=now)
        coming = ordinary_talk(each.slug, now, now + FUTURE, per_hour=each.per_hour, seed=SEED)
        _schedule(each.slug, coming)
    # The past warms up what is usual; it raises no alarm.
    while judge.judge_pending(now):
        pass
    # Loading took a while; the crisis keeps its distance from the moment people can look.
    play_crisis(database_now() + crisis_in, speed=speed)


def _listen_to_the_industry(brand: Brand, lead: User, *, now: datetime) -> None:
    source = listening.listen(brand, by=lead, now=now)
    said = listening.talk(now - HISTORY, now, seed=SEED)
    ingest.accept(source, [_post(each, number) for number, each in enumerate(said)], now=now)
    _schedule(listening.WORLD, listening.talk(now, now + FUTURE, seed=SEED))


def play_crisis(begins: datetime, *, speed: float = 1) -> int:
    """Let the demo's crisis begin at `begins`; return the number of posts that will appear."""
    said = crisis_talk(begins, seed=f"{SEED}:{begins:%Y%m%d%H%M%S}", speed=speed)
    _schedule(BRANDS[0].slug, said)
    return len(said)


def _people() -> dict[str, User]:
    return {
        person.email: User.objects.create_user(
            person.email,
            PASSWORD,
            name=person.name,
            title=person.title,
            language=person.language,
        )
        for person in PEOPLE
    }


def _brand(demo: DemoBrand, people: dict[str, User], *, now: datetime) -> Brand:
    brand = create_brand(demo.name, by=people[LEAD.email], description=demo.description)
    Membership.objects.bulk_create(
        Membership(brand=brand, user=people[person.email], role=person.role)
        for person in PEOPLE
        if person is not LEAD
    )
    plan_duty(brand, people, now=now)
    prepare(brand, people[LEAD.email], now=now)
    for name, network in demo.accounts:
        ConnectedAccount.objects.create(
            brand=brand,
            network="simulator",
            name=name,
            config={"world": demo.slug, "network": network, "author": demo.name},
        )
    return brand


def _source(demo: DemoBrand, brand: Brand, *, now: datetime) -> Source:
    """A source that reads the simulated world from now on; what was before is history."""
    return Source.objects.create(
        brand=brand,
        kind=SourceKind.SIMULATOR,
        name=f"{demo.name}, simulated networks",
        config={"world": demo.slug},
        poll_every=POLL_EVERY,
        next_poll_at=now,
    )


def _post(said: Utterance, number: int) -> Post:
    return Post(
        external_id=f"history-{number}",
        text=said.text,
        author=said.author,
        published_at=said.at,
        lang=said.lang,
        reach=said.followers,
        network=said.network,
    )


def _schedule(world: str, talk: Iterable[Utterance]) -> None:
    SimulatedPost.objects.bulk_create(
        (
            SimulatedPost(
                world=world,
                network=said.network,
                author=said.author,
                followers=said.followers,
                text=said.text,
                lang=said.lang,
                appears_at=said.at,
            )
            for said in talk
        ),
        batch_size=1000,
    )
