"""What an incident reminds of: measured on cases of which it is known what they are like."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Brand, User
from incidents import precedents, services
from incidents.enums import Closing, State
from incidents.precedents import Case, bag, closest
from incidents.selectors.precedents import precedents as of
from monitoring.enums import CrisisType
from monitoring.models import Step
from reviews.services import add_lesson
from tests.factories.incidents import NOON, IncidentFactory

SignedIn = Callable[[User], Client]
# Four matters, each in its own words, beside what everybody says.
MATTERS = {
    "frame": "stel knækker svejsning ladcykel brud fald hjul",
    "data": "læk mailadresser adgangskode server datatilsynet kunder kopi",
    "strike": "løn chauffører strejke overenskomst forhandling blokade varer",
    "advert": "reklame sexistisk kampagne plakat undskyld boykot model",
}
COMMON = [
    "kaffe",
    "butik",
    "dårligt",
    "service",
    "svar",
    "ringe",
    "vente",
    "pris",
    "nu",
    "dag",
    "igen",
    "selv",
    "altid",
    "aldrig",
]


def told(matter: str, chance: Random) -> str:
    """Four words of the matter among ten that belong to none."""
    return " ".join(chance.sample(MATTERS[matter].split(), 4) + chance.sample(COMMON, 10))


def case(words: str, **fields: object) -> Case:
    usual = {"crisis_type": CrisisType.NONE, "severity": 2, "title": "", "url": "", "where": ""}
    return Case(words=bag([words]), **usual | fields)  # type: ignore[arg-type]


def test_the_closest_case_is_of_the_same_matter_nine_times_in_ten_by_words_alone() -> None:
    chance, right, tried = Random(7), 0, 0
    cases = [
        (matter, case(told(matter, chance), title=matter)) for matter in MATTERS for _ in "123456"
    ]
    for matter, this in cases:
        others = [other for _matter, other in cases if other is not this]
        near = closest(this, others, most=1)
        tried += 1
        right += bool(near) and near[0].case.title == matter
    assert right / tried >= 0.9, f"{right} of {tried}"


def test_the_same_kind_and_course_bring_a_case_nearer() -> None:
    this = case("plastik", crisis_type="product_safety", course=(1, 4, 9, 12))
    same = case("metal", crisis_type="product_safety", course=(1, 4, 8, 12))
    other = case("metal", crisis_type="data_breach", course=(30, 2, 1, 0))
    near = closest(this, [other, same])
    assert near[0].case is same
    assert near[0].nearness > 0.4
    assert [each.case for each in near] == [same]


def test_it_says_why_and_what_was_different() -> None:
    this = case("plastik i kaffen", crisis_type="product_safety", course=(1, 3))
    other = case(
        "plastik i teen", crisis_type="product_safety", severity=1, course=(2, 12), took=7200.0
    )
    (near,) = closest(this, [other])
    assert near.alike[0] == "The same kind: Product safety."
    assert "plastik" in near.alike[1]
    assert near.different == [
        "It was SEV1.",
        "Its peak was 12.0 times the expected, now it is 3.0.",
        "It took 2 h.",
    ]


def test_what_has_nothing_in_common_is_not_shown() -> None:
    this = case("plastik", crisis_type="product_safety", severity=1)
    assert closest(this, [case("løn", crisis_type="data_breach", severity=4)]) == []


def test_own_incidents_are_compared_with_their_volume_and_lessons(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    past = IncidentFactory.create(
        brand=brand, given_title="Plastik i havregryn", crisis_type="product_safety",
        state=State.RESOLVED, resolved_at=NOON + timedelta(hours=3),
    )  # fmt: skip
    add_lesson(past, kind="WORKED", text="Ring til kæderne først", by=alice)
    now = IncidentFactory.create(
        brand=brand, given_title="Plastik i kaffen", crisis_type="product_safety",
        began_at=NOON + timedelta(days=2), detected_at=NOON + timedelta(days=2),
    )  # fmt: skip
    for incident in (past, now):
        for place in range(12):
            Step.objects.create(
                brand=brand, starts_at=incident.began_at + timedelta(minutes=5 * place), total=60,
                negative=1, positive=1, reach=1, expected_low=1, expected_high=10, score=1,
            )  # fmt: skip
    (near,) = of(now, user=alice)
    assert near.case.url == f"/i/{past.reference}/"
    assert near.case.lessons == ["Ring til kæderne først"]
    assert near.case.course[:2] == (6.0, 6.0)
    assert "It rose and fell alike." in near.alike
    page = signed_in(alice).get(f"/i/{now.reference}/precedents/").content.decode()
    assert "Ring til kæderne først" in page
    shown = signed_in(alice).get(f"/api/v1/incidents/{now.reference}/precedents/").json()
    assert shown[0]["nearness"] == near.nearness


def test_what_one_may_not_see_and_what_was_nothing_reminds_of_nothing(
    brand: Brand, alice: User, bob: User
) -> None:
    fields = {"brand": brand, "crisis_type": "product_safety"}
    now, secret = IncidentFactory.create(**fields), IncidentFactory.create(**fields)
    IncidentFactory.create(**fields, closed_as=Closing.DISMISSED, state=State.RESOLVED)
    services.make_private(secret.pk, people=[], by=alice, reason="Jura", now=NOON)
    assert len(of(now, user=alice)) == 1
    assert of(now, user=bob) == []


def test_other_rooms_add_cases_of_their_own(brand: Brand, alice: User, monkeypatch) -> None:
    known = case("oats plastic", title="Nabokaffe 2024", crisis_type="product_safety")
    monkeypatch.setattr(precedents, "SOURCES", precedents.SOURCES)
    precedents.source(lambda user, incident: [known])
    try:
        now = IncidentFactory.create(brand=brand, crisis_type="product_safety")
        assert [near.case.title for near in of(now, user=alice)] == ["Nabokaffe 2024"]
    finally:
        precedents.SOURCES.pop()


def test_it_costs_the_same_however_many_there_are(brand: Brand, alice: User) -> None:
    now = IncidentFactory.create(brand=brand)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            of(now, user=alice)
        return len(queries)

    IncidentFactory.create(brand=brand)
    few = cost()
    IncidentFactory.create_batch(20, brand=brand)
    assert cost() <= few


def test_what_goes_through_triage_is_set_by_administrators(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    from tests.factories.accounts import MembershipFactory, UserFactory

    boss = UserFactory.create()
    MembershipFactory.create(user=boss, brand=brand, role="ADMINISTRATOR")
    wanted = {
        "brand": brand.slug,
        f"{brand.slug}-triage_from": "4",
        f"{brand.slug}-triage_minutes": "15",
    }
    assert signed_in(alice).post("/settings/triage/", wanted).status_code == 403
    signed_in(boss).post("/settings/triage/", wanted)
    brand.refresh_from_db()
    assert (brand.incident_settings.triage_from, brand.incident_settings.triage_minutes) == (4, 15)
    assert 'value="15"' in signed_in(boss).get("/settings/triage/").content.decode()
