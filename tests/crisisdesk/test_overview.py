"""The overview, region by region, and the palette's search."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from core import palette
from crisisdesk import navigation
from incidents import rotation
from incidents.enums import State
from incidents.models import Call, Incident
from incidents.models_cases import IncidentMember
from incidents.services import swaps
from incidents.services.covers import Part
from monitoring.models import MentionCount, Step
from responses.enums import DraftState
from responses.selectors import waiting_for
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory, ShiftFactory, TaskFactory
from tests.factories.monitoring import SourceFactory, mention
from tests.factories.responses import DraftFactory, VersionFactory, submitted
from tests.factories.rota import line_of, plan_of, rota_of

pytestmark = pytest.mark.django_db
PAGE = reverse("overview")
SignIn = Callable[[User], Client]


def region(client: Client, name: str, **query: str) -> str:
    """One region as it fetches itself."""
    headers = {"HX-Request": "true", "HX-Target": name}
    return client.get(PAGE, query, headers=headers).content.decode()


def test_a_member_sees_the_brands_incident_and_a_stranger_does_not(
    signed_in: SignIn, bob: User, charlie: User, brand: Brand
) -> None:
    incident = IncidentFactory.create(brand=brand, given_title="Glass in the beans")
    member = signed_in(bob).get(PAGE).content.decode()
    stranger = signed_in(charlie).get(PAGE).content.decode()
    for secret in ("Glass in the beans", incident.reference, brand.name):
        assert secret in member
        assert secret not in stranger


def test_the_gravest_incident_comes_first_and_resolved_ones_are_gone(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    IncidentFactory.create(brand=brand, given_title="Small thing", severity=4)
    IncidentFactory.create(brand=brand, given_title="Large thing", severity=1)
    IncidentFactory.create(brand=brand, given_title="Past thing", state=State.RESOLVED)
    html = region(signed_in(bob), "incidents")
    assert html.index("Large thing") < html.index("Small thing")
    assert "Past thing" not in html
    assert "<html" not in html


def test_every_region_fetches_itself_alone(signed_in: SignIn, bob: User, brand: Brand) -> None:
    client = signed_in(bob)
    for name in ("incidents", "brands", "waiting", "on-call"):
        html = region(client, name, range="7d").strip()
        assert html.startswith("<section")
        assert html.count("<section") == 1
        assert f'id="{name}"' in html


def loud(brand: Brand, total: int) -> None:
    now = timezone.now()
    Step.objects.create(
        brand=brand, starts_at=now - timedelta(minutes=6), total=5, negative=1, positive=1,
        reach=0, expected_low=8, expected_high=12, score=0,
    )  # fmt: skip
    MentionCount.objects.create(
        brand=brand, minute=now - timedelta(minutes=1), network="x", crisis_type="none", total=total
    )


def test_the_brand_that_stands_out_most_comes_first(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    calm = BrandFactory.create(name="Aarhus Calm")
    MembershipFactory.create(user=bob, brand=calm)
    loud(brand, 61)
    loud(calm, 9)
    html = region(signed_in(bob), "brands")
    assert html.index(brand.name) < html.index("Aarhus Calm")
    assert "5.1× expected max." in html
    assert "health-elevated" in html
    assert "health-normal" in html


def test_a_brand_whose_sources_are_silent_is_not_shown_as_normal(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    loud(brand, 9)
    client = signed_in(bob)
    assert "health-normal" in region(client, "brands")
    SourceFactory.create(brand=brand, name="The feed", failures=3)
    html = region(client, "brands")
    assert "health-delayed" in html
    assert "health-normal" not in html
    assert "Late: The feed" in html


def test_an_open_incident_makes_the_brand_critical(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    IncidentFactory.create(brand=brand, severity=2)
    assert "health-critical" in region(signed_in(bob), "brands")


def test_what_waits_for_a_person_waits_for_that_person_only(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    incident = IncidentFactory.create(brand=brand, given_title="Glass in the beans")
    Call.objects.create(
        incident=incident, rung=0, user=alice, due_at=timezone.now(), fired_at=timezone.now()
    )
    submitted(incident=incident, author=bob, title="Sorry")
    TaskFactory.create(incident=incident, owner=bob, title="Ring the shops", done_at=None)
    hers, his = (region(signed_in(user), "waiting") for user in (alice, bob))
    assert "Acknowledge: Glass in the beans" in hers
    assert "Approve: Sorry v1" in hers
    assert "Ring the shops" not in hers
    assert "Ring the shops" in his
    assert "Approve: Sorry" not in his


def test_who_is_on_call_and_whether_they_answer(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    now = timezone.now()
    hours = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    ShiftFactory.create(brand=brand, user=alice, **hours)
    incident = IncidentFactory.create(brand=brand)
    client = signed_in(bob)
    assert "no answer" not in region(client, "on-call")
    Call.objects.create(incident=incident, rung=0, user=alice, due_at=now, fired_at=now)
    assert "Called, no answer yet" in region(client, "on-call")
    Incident.objects.update(state=State.ACKNOWLEDGED, lead=alice)
    assert f"Leads {incident.reference}" in region(client, "on-call")


def test_rotas_say_who_is_on_call_and_whoever_asks_for_cover_waits_for_the_others(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    now = timezone.now()
    begun = now.replace(tzinfo=None) - timedelta(days=1)
    rota = rota_of(brand, line_of(bob, alice, starts=begun), fallback=alice.pk)
    assert "Bob Berg" in region(signed_in(alice), "on-call")
    assert "called instead" not in region(signed_in(alice), "on-call")
    part = Part(1, now + timedelta(hours=1), now + timedelta(hours=2))
    swaps.ask(rota.pk, part, by=bob, now=now)
    assert "Bob Berg asks to be covered" in region(signed_in(alice), "waiting")
    assert "asks to be covered" not in region(signed_in(bob), "waiting")
    rota.versions.update(plan=rotation.write(plan_of(line_of(), fallback=alice.pk)))
    assert "called instead" in region(signed_in(bob), "on-call")


def test_one_brand_and_many_cost_the_same_queries(
    signed_in: SignIn, bob: User, brand: Brand, django_assert_max_num_queries
) -> None:
    client = signed_in(bob)
    counts = []
    for more in (1, 4):
        for _each in range(more):
            other = BrandFactory.create()
            MembershipFactory.create(user=bob, brand=other, role=Role.LEAD)
            SourceFactory.create(brand=other)
            incident = IncidentFactory.create(brand=other, lead=bob)
            TaskFactory.create(incident=incident, owner=bob, done_at=None)
            DraftFactory.create(incident=incident, state=DraftState.SUBMITTED)
            mention(other)
        with django_assert_max_num_queries(30) as counted:
            client.get(PAGE)
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_someone_without_a_brand_is_told_who_can_help(signed_in: SignIn, brand: Brand) -> None:
    html = signed_in(UserFactory.create()).get(PAGE).content.decode()
    assert "You are not a member of any brand yet" in html
    assert "Declare" not in html.split("<main", 1)[1].split("</main>", 1)[0]


def test_the_palette_finds_incidents_brands_drafts_and_people_in_their_groups(
    alice: User, bob: User, brand: Brand
) -> None:
    incident = IncidentFactory.create(brand=brand, given_title="Glass in the beans")
    DraftFactory.create(incident=incident, title="About the glass")

    def found(query: str) -> dict[str, list[str]]:
        return {
            group.key: [hit.text for hit in group.hits] for group in palette.search(alice, query)
        }

    assert found("glass") == {"incidents": ["Glass in the beans"], "drafts": ["About the glass"]}
    assert found("beans GLASS") == {"incidents": ["Glass in the beans"]}
    assert found(incident.reference[-3:])["incidents"] == ["Glass in the beans"]
    assert found("fjord")["brands"] == [brand.name]
    assert found("berg") == {"people": ["Bob Berg"]}
    assert found("   ") == {}


def test_the_palette_finds_nothing_of_a_strangers_brand(
    signed_in: SignIn, alice: User, charlie: User, brand: Brand, django_assert_max_num_queries
) -> None:
    incident = IncidentFactory.create(brand=brand, given_title="Glass in the beans")
    DraftFactory.create(incident=incident, title="About the glass")
    assert palette.search(alice, "glass")
    for query in ("glass", brand.name, "alice", incident.reference):
        assert palette.search(charlie, query) == []
    address = reverse("search")
    client = signed_in(alice)
    with django_assert_max_num_queries(8):
        html = client.get(address, {"q": "glass"}, headers={"HX-Request": "true"}).content.decode()
    assert html.strip().startswith('<div role="group"')
    assert reverse("incidents:incident", args=[incident.reference]) in html


def test_searching_for_markup_shows_it_as_text(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    IncidentFactory.create(brand=brand, given_title="<img src=x onerror=alert(1)>")
    html = signed_in(alice).get(reverse("search"), {"q": "<img"}).content.decode()
    assert "&lt;img src=x" in html
    assert "<img" not in html


def test_the_pips_count_what_the_lists_show(
    alice: User, bob: User, charlie: User, brand: Brand, other_brand: Brand
) -> None:
    grave = IncidentFactory.create(brand=brand, severity=2)
    IncidentFactory.create(brand=brand, severity=3)
    IncidentFactory.create(brand=brand, severity=1, state=State.RESOLVED)
    secret = IncidentFactory.create(brand=other_brand, severity=1)
    edited = submitted(incident=grave, author=bob)
    VersionFactory.create(draft=edited, number=2, editor=alice)
    submitted(incident=grave, author=bob)
    submitted(incident=grave, author=alice)
    DraftFactory.create(incident=grave, author=bob, state=DraftState.WRITING)
    submitted(incident=secret)
    for user, expected in ((alice, (1, 1)), (bob, (1, 0)), (charlie, (1, 1))):
        found = navigation.counts(user)
        assert (found["incidents"], found["drafts"]) == expected
        assert found["drafts"] == waiting_for(user).count()
    # Nobody learns by a number that a private incident is there.
    Incident.objects.filter(pk=grave.pk).update(is_private=True)
    assert navigation.counts(alice) == {"incidents": 0, "drafts": 0}
    IncidentMember.objects.create(incident=grave, user=alice, since=timezone.now())
    assert navigation.counts(alice) == {"incidents": 1, "drafts": 1}
    assert navigation.counts(bob) == {"incidents": 0, "drafts": 0}


def test_the_navigation_follows_along_and_keeps_the_open_page_marked(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    client = signed_in(bob)
    assert "pip" not in client.get(reverse("navigation"), {"page": "overview"}).content.decode()
    IncidentFactory.create(brand=brand, severity=1)
    html = client.get(reverse("navigation"), {"page": "monitoring:mentions"}).content.decode()
    assert '<span class="pip">1' in html
    assert html.count('aria-current="page"') == 1
    assert html.index(reverse("monitoring:mentions")) < html.index('aria-current="page"')
