"""The fact ledger: what is claimed, how sure it is, and that nothing is overwritten."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Refused
from incidents import citing, entries, services
from incidents.enums_record import FactStatus
from incidents.models import Incident
from incidents.models_facts import Fact, FactChange
from incidents.selectors import facts as ledger
from incidents.services.facts import Change, Claim, add_fact, change_fact
from notifications.models import Notice
from responses.services import create_draft
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import NOON, IncidentFactory
from tests.factories.monitoring import mention

from .test_races import at_once

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    return IncidentFactory.create(brand=brand, lead=alice)


@pytest.fixture
def fact(incident: Incident, bob: User) -> Fact:
    claim = Claim("The lid breaks", status=FactStatus.VERIFIED, source="The lab")
    return add_fact(incident.pk, claim, by=bob, now=NOON)


def change(fact: Fact, by: User, *, seen: int = 1, reason: str = "", **values: object) -> Fact:
    wanted = Change(values, seen, reason)
    return change_fact(fact.incident_id, fact.number, wanted, by=by, now=NOON)


# Adding


def test_facts_are_numbered_and_told(incident: Incident, bob: User) -> None:
    first = add_fact(incident.pk, Claim("Plastic was found"), by=bob, now=NOON)
    second = add_fact(incident.pk, Claim("In twelve packs"), by=bob, now=NOON)
    assert [first.number, second.number] == [1, 2]
    assert first.status == FactStatus.UNCONFIRMED
    assert first.owner == bob
    entry = incident.entries.first()
    words = entries.words(entry.kind, entry.params, actor="Bob Berg")
    assert words == "Bob Berg added F2 (Unconfirmed): In twelve packs"
    assert AuditEntry.objects.filter(action="fact.added").count() == 2


@pytest.mark.parametrize(
    "claim",
    [
        Claim("   "),
        Claim("x" * 1001),
        Claim("It is so", status=FactStatus.VERIFIED),
        Claim("It is so", status="CERTAIN"),
        Claim("It is so", source_url="javascript:alert(1)"),
    ],
)
def test_what_is_no_fact_is_refused(incident: Incident, bob: User, claim: Claim) -> None:
    with pytest.raises(Refused):
        add_fact(incident.pk, claim, by=bob, now=NOON)
    assert not incident.facts.exists()


def test_the_owner_must_see_the_incident(incident: Incident, bob: User, charlie: User) -> None:
    with pytest.raises(Refused, match="Charlie"):
        add_fact(incident.pk, Claim("It is so", owner=charlie), by=bob, now=NOON)


def test_a_line_in_the_room_adds_a_fact(incident: Incident, bob: User) -> None:
    services.write_line(incident, "/fact The lid breaks | the lab", by=bob, now=NOON)
    services.write_line(incident, "/fakta Låget knækker", by=bob, now=NOON)
    found = [(fact.text, fact.source) for fact in incident.facts.all()]
    assert found == [("The lid breaks", "the lab"), ("Låget knækker", "")]


# Changing


def test_every_version_stays_with_who_and_why(fact: Fact, alice: User, bob: User) -> None:
    change(fact, alice, status=FactStatus.DISPUTED, reason="The maker denies it")
    change(fact, bob, seen=2, text="The lid of batch 7 breaks")
    history = [
        (each.version, each.by, each.status, each.text, each.reason)
        for each in ledger.history(fact)
    ]
    assert history == [
        (3, bob, "DISPUTED", "The lid of batch 7 breaks", ""),
        (2, alice, "DISPUTED", "The lid breaks", "The maker denies it"),
        (1, bob, "VERIFIED", "The lid breaks", ""),
    ]


@pytest.mark.parametrize("table", ["factchange", "decision", "situationversion", "promisechange"])
def test_the_database_keeps_what_was_written(fact: Fact, bob: User, table: str) -> None:
    services.add_decision(fact.incident_id, by=bob, text="Stop the line", now=NOON)
    triggers = "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s"
    with connection.cursor() as cursor:
        cursor.execute(triggers, [f"incidents_{table}", "%_stays"])
        assert cursor.fetchone() == (1,)


def test_a_version_cannot_be_rewritten_but_who_leaves_is_forgotten(fact: Fact, bob: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FactChange.objects.update(text="It never broke")
    assert FactChange.objects.get().text == "The lid breaks"
    FactChange.objects.update(by=None)


def test_changing_nothing_writes_nothing(fact: Fact, bob: User) -> None:
    before = fact.incident.entries.count()
    assert change(fact, bob, text="The lid breaks", source="The lab").version == 1
    assert fact.changes.count() == 1
    assert fact.incident.entries.count() == before


@pytest.mark.parametrize("status", ["DISPUTED", "WITHDRAWN", "UNCONFIRMED"])
def test_taking_back_needs_a_reason(fact: Fact, bob: User, status: str) -> None:
    with pytest.raises(Refused, match="reason"):
        change(fact, bob, status=status)
    assert change(fact, bob, status=status, reason="New test").status == status


def test_verifying_needs_a_source(incident: Incident, bob: User) -> None:
    doubtful = add_fact(incident.pk, Claim("It is so"), by=bob, now=NOON)
    with pytest.raises(Refused, match="source"):
        change(doubtful, bob, status=FactStatus.VERIFIED)
    assert change(doubtful, bob, status=FactStatus.VERIFIED, source="Ida, lab").version == 2


def test_who_looked_at_an_older_version_is_told(fact: Fact, alice: User, bob: User) -> None:
    change(fact, alice, text="The lid of batch 7 breaks")
    with pytest.raises(Conflict, match=r"Alice Andersen.*batch 7"):
        change(fact, bob, status=FactStatus.WITHDRAWN, reason="Old news")
    assert Fact.objects.get().status == FactStatus.VERIFIED


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_told(fact: Fact, alice: User, bob: User) -> None:
    """Ten times, since a race that happens to be lost once proves little."""
    for seen in range(1, 11):
        results = at_once(
            lambda seen=seen: change(fact, alice, seen=seen, text=f"Alice {seen}"),
            lambda seen=seen: change(fact, bob, seen=seen, text=f"Bob {seen}"),
        )
        assert sorted(type(each).__name__ for each in results) == ["Conflict", "Fact"]
    versions = FactChange.objects.order_by("version").values_list("version", flat=True)
    assert list(versions) == list(range(1, 12))


@pytest.mark.django_db(transaction=True)
def test_facts_added_at_once_get_numbers_of_their_own(incident: Incident, bob: User) -> None:
    adding = [lambda: add_fact(incident.pk, Claim("One more"), by=bob, now=NOON)] * 6
    assert all(isinstance(each, Fact) for each in at_once(*adding))
    assert sorted(incident.facts.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


# Citing


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("No facts", set()),
        ("As [F3] says, and [f12].", {3, 12}),
        ("[F0] [F] [F-1] [G3] F3 [F1234567]", set()),
    ],
)
def test_citations_are_found(text: str, numbers: set[int]) -> None:
    assert ledger.cited(text) == numbers


def test_the_public_reads_no_citations() -> None:
    assert citing.without("The lid breaks [F3], in all shops [f4].") == (
        "The lid breaks, in all shops."
    )


def test_only_facts_that_are_not_verified_are_flagged(fact: Fact, bob: User) -> None:
    add_fact(fact.incident_id, Claim("Perhaps"), by=bob, now=NOON)
    flagged = ledger.unverified(fact.incident, {1, 2, 99})
    assert [each.number for each in flagged] == [2]
    known, unknown = ledger.known(fact.incident)
    assert [each.number for each in known] == [1]
    assert [each.number for each in unknown] == [2]


def test_a_chip_carries_the_status_and_the_text_stays_escaped() -> None:
    words = citing.marked("<b>[F1]</b> [F2] [F9]", {1: "VERIFIED", 2: "DISPUTED"}, reference="CD-1")
    assert words.startswith("&lt;b&gt;<a ")
    assert 'href="/i/CD-1/facts/2/"' in words
    assert "F2 Disputed" in words
    assert "F1 Verified" not in words
    assert words.endswith("[F9]")


def test_who_leads_hears_that_a_cited_fact_is_unsure(fact: Fact, alice: User, bob: User) -> None:
    services.add_note(fact.incident_id, by=bob, text="We can say that [F1]", now=NOON)
    services.add_update(fact.incident_id, by=bob, text="[F1], therefore", now=NOON)
    change(fact, bob, status=FactStatus.DISPUTED, reason="Denied")
    (notice,) = Notice.objects.filter(kind="incidents.fact_unsure")
    assert notice.user == alice
    assert notice.params["cited"] == 2
    entry = fact.incident.entries.first()
    words = entries.words(entry.kind, entry.params, actor="Bob", text=entry.text)
    assert words.endswith("Reason: Denied\n2 texts cite it.")


def test_the_timeline_shows_a_citation_as_it_stands_now(
    fact: Fact, bob: User, signed_in: SignedIn
) -> None:
    services.add_note(fact.incident_id, by=bob, text="<i>We can say [F1]", now=NOON)
    change(fact, bob, status=FactStatus.WITHDRAWN, reason="Wrong")
    page = signed_in(bob).get(f"/i/{fact.incident.reference}/?part=entries").content.decode()
    assert '&lt;i&gt;We can say <a class="fact-chip fact-red"' in page


# The panel and the pages


def test_the_panel_adds_and_moves_in_one_step(
    incident: Incident, bob: User, signed_in: SignedIn
) -> None:
    client, here = signed_in(bob), f"/i/{incident.reference}/facts/"
    added = client.post(here, {"text": "The lid breaks"}, **HTMX)
    assert added.status_code == 200
    assert "cd:timeline" in added["HX-Trigger"]
    step = {"version": "1", "step": "VERIFIED", "why": "Ida at the lab"}
    client.post(f"{here}1/", step, **HTMX)
    fact = incident.facts.get()
    assert (fact.status, fact.source) == ("VERIFIED", "Ida at the lab")
    stale = client.post(f"{here}1/", step | {"step": "DISPUTED"}, **HTMX)
    assert stale.status_code == 422
    assert "Look again" in stale.content.decode()


def test_a_page_changes_all_of_a_fact_and_shows_its_history(
    fact: Fact, bob: User, signed_in: SignedIn
) -> None:
    client, here = signed_in(bob), f"/i/{fact.incident.reference}/facts/1/"
    typed = {
        "version": "1",
        "text": "The lid of batch 7 breaks",
        "status": "DISPUTED",
        "source": "The lab",
        "source_url": "https://lab.example/7",
        "reason": "New",
    }
    assert client.post(here, typed).status_code == 302
    page = client.get(here).content.decode()
    assert "Version 2" in page
    assert "Version 1" in page
    refused = client.post(here, typed | {"version": "1", "text": "Mine"})
    assert refused.status_code == 422
    assert "Mine" in refused.content.decode()


def test_a_stranger_sees_nothing_and_an_observer_changes_nothing(
    fact: Fact, brand: Brand, charlie: User, signed_in: SignedIn
) -> None:
    here = f"/i/{fact.incident.reference}/facts/"
    assert "The lid breaks" in signed_in(fact.owner).get(here).content.decode()
    for address in (here, f"{here}1/"):
        assert signed_in(charlie).get(address).status_code == 404
        assert signed_in(charlie).post(address, {"text": "x"}).status_code == 404
    watching = UserFactory.create()
    MembershipFactory.create(user=watching, brand=brand, role=Role.OBSERVER)
    client = signed_in(watching)
    assert "The lid breaks" in client.get(here).content.decode()
    assert client.post(here, {"text": "x"}).status_code == 403
    step = {"version": "1", "step": "WITHDRAWN", "why": "x"}
    assert client.post(f"{here}1/", step).status_code == 403
    assert Fact.objects.get().status == FactStatus.VERIFIED


def test_a_draft_that_cites_a_fact_is_flagged_when_it_is_taken_back(
    fact: Fact, alice: User, bob: User, signed_in: SignedIn
) -> None:
    text = "The lid breaks [F1]. We are sorry."
    account = AccountFactory.create(brand=fact.incident.brand, config={"world": "x"})
    draft = create_draft(
        fact.incident.pk, title="Sorry", text=text, by=bob, account_ids=[account.pk], now=NOON
    )
    client, here = signed_in(alice), f"/i/{fact.incident.reference}/drafts/{draft.number}/"
    sure = client.get(here).content.decode()
    assert "Facts cited:" in sure
    assert "not verified" not in sure
    change(fact, alice, status=FactStatus.WITHDRAWN, reason="Wrong")
    assert "It stands on facts that are not verified." in client.get(here).content.decode()
    assert [each.label for each in ledger.citations(fact.incident)[1]] == ["Draft: Sorry"]
    assert "Draft: Sorry" in client.get(f"/i/{fact.incident.reference}/facts/").content.decode()


def test_a_source_on_the_desk_is_the_brands_own_mention(
    incident: Incident, other_brand: Brand, bob: User, signed_in: SignedIn
) -> None:
    own = mention(incident.brand, text="It broke")
    foreign = mention(other_brand, text="Secret")
    address = "https://desk.example/mentions/%d/"
    told = add_fact(incident.pk, Claim("x", source_url=address % own.pk), by=bob, now=NOON)
    other = add_fact(incident.pk, Claim("y", source_url=address % foreign.pk), by=bob, now=NOON)
    assert (told.mention_id, other.mention_id) == (own.pk, None)
    verified = change(told, bob, status=FactStatus.VERIFIED)
    assert verified.status == FactStatus.VERIFIED
    moved = change(told, bob, seen=2, source_url="https://lab.example/7")
    assert moved.mention_id is None
    page = signed_in(bob).get(f"/i/{incident.reference}/facts/").content.decode()
    assert "https://lab.example/7" in page
