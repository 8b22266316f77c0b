"""The strategy advisor as people use it: prefilled, versioned, decided, and held against texts."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Brand, User
from core.errors import Conflict, Forbidden, Refused
from incidents.enums import Closing, EntryKind, Origin
from incidents.models import Incident
from incidents.services.silence import Word, note_word
from monitoring.models import Step
from responses import services
from responses.enums_strategy import Posture
from responses.hinting import hints
from responses.models import Draft, Publication
from responses.models_strategy import StrategyAnswers, StrategyDecision
from responses.postures import postures
from responses.publishing import publish_due
from responses.services.strategy import answer, decide
from tests.factories.incidents import IncidentFactory
from tests.responses.conftest import sha

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now()
GIVEN = {
    "kind": "human_product", "harm": "yes", "true": "yes", "warned": "no", "history": "no",
    "reputation": "neutral", "public": "yes", "charge": "no",
}  # fmt: skip
DENIES = "The claims are simply not true."


def here(incident: Incident) -> str:
    return reverse("responses:strategy", args=[incident.reference])


def asked(incident: Incident, by: User) -> StrategyAnswers:
    return answer(incident.pk, GIVEN, base=0, by=by, now=NOW)


# What the desk knows already


def test_what_is_known_is_suggested_with_where_it_is_from(brand: Brand):
    common = {"brand": brand, "crisis_type": "product_safety"}
    began = NOW - timedelta(hours=2)
    incident = IncidentFactory.create(
        **common, began_at=began, origin=Origin.DETECTION, personal_data=True
    )
    earlier = IncidentFactory.create(**common, began_at=began - timedelta(days=90))
    Step.objects.create(
        brand=brand, starts_at=began - timedelta(days=2), total=400, negative=200, positive=10,
        reach=1, expected_low=1, expected_high=9, score=0,
    )  # fmt: skip
    found = hints(incident)
    assert {name: hint.answer for name, hint in found.items()} == {
        "kind": "technical_product", "harm": "yes", "history": "yes", "reputation": "negative",
        "public": "yes",
    }  # fmt: skip
    assert earlier.reference in str(found["history"])
    assert "50" in str(found["reputation"])


def test_nothing_of_a_private_or_foreign_or_dismissed_incident_is_suggested(
    brand: Brand, other_brand: Brand
):
    common = {"crisis_type": "product_safety", "began_at": NOW - timedelta(days=9)}
    incident = IncidentFactory.create(brand=brand, crisis_type="product_safety", began_at=NOW)
    IncidentFactory.create(brand=brand, is_private=True, **common)
    IncidentFactory.create(brand=other_brand, **common)
    IncidentFactory.create(brand=brand, closed_as=Closing.DISMISSED, **common)
    assert "history" not in hints(incident)
    IncidentFactory.create(brand=brand, **common)
    assert hints(incident)["history"].answer == "yes"


def test_what_is_not_known_is_not_suggested(incident: Incident):
    assert hints(incident) == {}


# Answering and deciding


def test_answers_are_versions_with_who_and_when(incident: Incident, alice: User, bob: User):
    first = asked(incident, bob)
    assert (first.number, first.by, first.at, first.posture) == (1, bob, NOW, Posture.REBUILD)
    again = answer(incident.pk, GIVEN, base=1, by=alice, now=NOW)
    assert again.pk == first.pk

    second = answer(incident.pk, GIVEN | {"true": "unknown"}, base=1, by=alice, now=NOW)
    assert (second.number, second.by, second.posture) == (2, alice, Posture.BASE)
    entries = incident.entries.filter(kind=EntryKind.DRAFT, params__code="strategy")
    assert [entry.params["number"] for entry in entries.order_by("number")] == [1, 2]
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        StrategyAnswers.objects.filter(pk=first.pk).update(posture=Posture.DENY)


def test_who_answers_on_top_of_older_answers_is_told(incident: Incident, alice: User, bob: User):
    asked(incident, bob)
    with pytest.raises(Conflict, match="Somebody else answered"):
        answer(incident.pk, GIVEN | {"harm": "no"}, base=0, by=alice, now=NOW)
    with pytest.raises(Conflict):
        decide(incident.pk, "rebuild", base=2, by=alice, now=NOW)


def test_a_decision_stands_in_the_log_and_otherwise_needs_a_reason(incident: Incident, bob: User):
    asked(incident, bob)
    with pytest.raises(Refused, match="Say why"):
        decide(incident.pk, "diminish", base=1, by=bob, now=NOW)
    made = decide(incident.pk, "diminish", base=1, by=bob, now=NOW, reason="The lab is not sure")
    assert (made.followed, made.decision.reason) == (False, "The lab is not sure")
    assert "Diminish" in made.decision.text
    assert "Rebuild" in made.decision.text
    assert incident.entries.filter(kind=EntryKind.DECISION).count() == 1

    followed = decide(incident.pk, "rebuild", base=1, by=bob, now=NOW)
    assert followed.followed
    assert followed.decision.corrects == made.decision
    assert decide(incident.pk, "rebuild", base=1, by=bob, now=NOW) == followed
    with pytest.raises(IntegrityError), transaction.atomic():
        StrategyDecision.objects.create(
            incident=incident, answers=made.answers, posture="deny", followed=False, by=bob,
            decision=made.decision, at=NOW,
        )  # fmt: skip


def test_who_may_not_draft_reads_and_changes_nothing(
    incident: Incident, bob: User, olga: User, signed_in: SignIn
):
    asked(incident, bob)
    with pytest.raises(Forbidden):
        answer(incident.pk, GIVEN, base=1, by=olga, now=NOW)
    with pytest.raises(Forbidden):
        decide(incident.pk, "rebuild", base=1, by=olga, now=NOW)
    page = signed_in(olga).get(here(incident))
    assert page.status_code == 200
    assert 'name="decide"' not in page.content.decode()
    assert (
        signed_in(olga).post(here(incident), {"answer": 1, "base": 1, **GIVEN}).status_code == 403
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_at_once_one_is_told(incident: Incident, alice: User, bob: User):
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def give(by: User, harm: str) -> None:
        start.wait()
        try:
            answer(incident.pk, GIVEN | {"harm": harm}, base=0, by=by, now=NOW)
            outcomes.append("kept")
        except Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=pair) for pair in ((alice, "yes"), (bob, "no"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "kept"]
    assert StrategyAnswers.objects.count() == 1


# The pages


def test_the_page_asks_proposes_and_keeps_what_is_decided(
    incident: Incident, bob: User, charlie: User, signed_in: SignIn
):
    incident.crisis_type = "product_safety"
    incident.save()
    client = signed_in(bob)
    empty = client.get(here(incident)).content.decode()
    assert "From the incident: Product safety" in empty
    assert '<option value="technical_product" selected>' in empty

    assert client.post(here(incident), {"answer": 1, "base": 0, **GIVEN}).status_code == 302
    page = client.get(here(incident)).content.decode()
    for words in ("It proposes: Rebuild", "Kim and Sung", "could not check it", "Det var vores"):
        assert words in page

    posted = {"decide": 1, "base": 1, "posture": "deny", "reason": ""}
    assert client.post(here(incident), posted).status_code == 422
    hostile = "<script>alert(1)</script>"
    assert client.post(here(incident), posted | {"reason": hostile}).status_code == 302
    for name in ("strategy", "strategy_panel", "strategy_review"):
        url = reverse(f"responses:{name}", args=[incident.reference])
        shown = client.get(url).content.decode()
        assert "otherwise" in shown
        assert "&lt;script&gt;" in shown
        assert hostile not in shown
        assert signed_in(charlie).get(url).status_code == 404


def test_the_api_reads_answers_and_decides(incident: Incident, bob: User, charlie: User):
    client = APIClient()
    client.force_authenticate(bob)
    url = f"/api/v1/incidents/{incident.reference}/strategy/"
    assert client.get(url).json()["proposal"] is None
    told = client.put(url, {"version": 0, **GIVEN}, format="json").json()
    assert told["proposal"]["posture"] == "rebuild"
    assert told["proposal"]["openings"][0]["da"].startswith("Hvis du")
    assert {"question": "true", "answer": "unknown", "posture": "base"} in (
        told["proposal"]["changes"]
    )
    assert client.put(url, {"version": 0, "kind": "misdeed"}, format="json").status_code == 409
    assert client.put(url, {"version": 1, "kind": "nothing"}, format="json").status_code == 400

    decided = client.post(f"{url}decisions/", {"version": 1, "posture": "rebuild"}, format="json")
    assert (decided.status_code, decided.json()["followed"]) == (201, True)
    otherwise = {"version": 1, "posture": "deny"}
    assert client.post(f"{url}decisions/", otherwise, format="json").status_code == 422
    assert client.get(url).json()["decision"]["decision"] == 1
    client.force_authenticate(charlie)
    assert client.get(url).status_code == 404
    assert client.post(f"{url}decisions/", otherwise, format="json").status_code == 404


# How texts stand


def test_a_draft_that_denies_beside_one_that_apologises_is_warned_of_with_both_places(
    draft: Draft, bob: User, signed_in: SignIn
):
    text = f"We checked. {DENIES}"
    assert postures(draft.incident, text, now=NOW).against == []
    services.create_draft(
        draft.incident_id,
        title="Apology",
        text="It was our mistake. We are sorry.",
        by=bob,
        now=NOW,
    )
    (found,) = postures(draft.incident, text, draft=draft, now=NOW).against
    assert (found.here.stance.value, found.there.stance.value) == ("deny", "rebuild")
    assert text[found.here.start : found.here.end] == "are simply not true"
    assert "Apology" in found.said.label

    url = reverse("responses:posture", args=[draft.incident.reference, draft.number])
    page = signed_in(bob).post(url, {"text": text}).content.decode()
    assert '<mark class="finding">are simply not true</mark>' in page
    assert "It was our mistake." in page


def test_published_and_noted_texts_count_and_dropped_drafts_do_not(
    due: Publication, bob: User, alice: User
):
    draft = due.version.draft
    publish_due(now=timezone.now())
    note_word(draft.incident_id, Word("press", NOW, text="It was our fault."), by=bob, now=NOW)
    other = services.create_draft(
        draft.incident_id, title="Apology", text="It was our mistake.", by=bob, now=NOW
    )
    assert len(postures(draft.incident, DENIES, now=NOW).against) == 2
    services.drop(other.pk, by=bob, now=NOW)
    (found,) = postures(draft.incident, DENIES, now=NOW).against
    assert found.there.quote == "It was our fault."


def test_a_text_is_not_held_against_itself_except_for_what_it_says_twice(draft: Draft):
    incident = draft.incident
    assert postures(incident, DENIES, draft=draft, now=NOW).against == []
    both = f"{DENIES} It was our mistake."
    (found,) = postures(incident, both, draft=draft, now=NOW).against
    assert found.there.quote == "It was our mistake."


def test_being_sorry_quoting_and_bolstering_stand_against_nothing(draft: Draft, bob: User):
    services.create_draft(
        draft.incident_id,
        title="Denial",
        text="It is not true that batch 8 is hit.",
        by=bob,
        now=NOW,
    )
    for text in (
        "We are sorry for what you are going through.",
        "A reader wrote: “It was our mistake, they say.”",
        "We have always put safety first.",
    ):
        assert postures(draft.incident, text, draft=draft, now=NOW).against == []


def test_what_is_not_as_decided_is_said(incident: Incident, bob: User):
    asked(incident, bob)
    decide(incident.pk, "rebuild", base=1, by=bob, now=NOW)
    assert [each.value for each in postures(incident, DENIES, now=NOW).strays] == ["deny"]
    assert postures(incident, "It was our mistake.", now=NOW).strays == []


def test_whoever_approves_sees_it_too(draft: Draft, alice: User, bob: User, signed_in: SignIn):
    services.edit_draft(draft.pk, text=DENIES, base_version=1, by=bob, now=NOW)
    note_word(draft.incident_id, Word("press", NOW, text="It was our fault."), by=bob, now=NOW)
    services.submit(draft.pk, by=bob, now=NOW)
    url = reverse("responses:approval", args=[draft.incident.reference, draft.number])
    page = signed_in(alice).get(url).content.decode()
    assert "It was our fault." in page
    assert '<mark class="finding">are simply not true</mark>' in page
    # Advice: it is approved all the same.
    draft.refresh_from_db()
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=NOW)


def test_the_api_says_how_a_text_stands(draft: Draft, bob: User, charlie: User):
    note_word(draft.incident_id, Word("press", NOW, text="It was our fault."), by=bob, now=NOW)
    client = APIClient()
    client.force_authenticate(bob)
    url = f"/api/v1/incidents/{draft.incident.reference}/postures/"
    told = client.post(url, {"text": DENIES}, format="json").json()
    assert [each["stance"] for each in told["stances"]] == ["deny"]
    assert told["against"][0]["there"]["sentence"] == "It was our fault."
    client.force_authenticate(charlie)
    assert client.post(url, {"text": DENIES}, format="json").status_code == 404


def test_the_panel_asks_the_database_little_however_many_texts_there_are(
    draft: Draft, bob: User, django_assert_max_num_queries
):
    for number in range(8):
        text = f"It was our mistake, number {number}."
        services.create_draft(draft.incident_id, title="T", text=text, by=bob, now=NOW)
    with django_assert_max_num_queries(5):
        assert len(postures(draft.incident, DENIES, draft=draft, now=NOW).against) == 8
