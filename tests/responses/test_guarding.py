"""The contradiction guard beside the composer: what it reads, and who sees it."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from incidents.enums_record import FactStatus
from incidents.services.facts import Change, Claim, add_fact, change_fact
from incidents.services.promises import Given, give_promise
from incidents.services.silence import Word, note_word
from incidents.services.situation import Writing, write_situation
from responses import variables
from responses.enums import PublicationState
from responses.guarding import guarded
from responses.live_texts import live_texts
from responses.models import Draft, Publication
from responses.publishing import publish_due
from tests.factories.responses import VersionFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now()
TEXT = "12 people were injured."


def labels(draft: Draft) -> list[str]:
    return [each.clash.said.label for each in guarded(draft.incident, TEXT, now=NOW)[0]]


def test_published_texts_are_compared_and_those_on_their_way_are_not(due: Publication):
    incident = due.version.draft.incident
    assert guarded(incident, "Please drink batch 7.", now=NOW)[1] == 0

    publish_due(now=timezone.now())
    due.refresh_from_db()
    assert due.state == PublicationState.SENT
    assert guarded(incident, "Please drink batch 7.", now=NOW)[1] == 1


def test_what_was_edited_is_compared_as_it_reads_now_and_what_was_taken_down_no_more(
    due: Publication,
):
    publish_due(now=timezone.now())
    draft = due.version.draft
    rows = Publication.objects.filter(pk=due.pk)
    rows.update(edited_to=VersionFactory.create(draft=draft, number=2, text="Batch 8."))
    assert [said.text for said in live_texts(draft.incident)] == ["Batch 8."]
    rows.update(gone_at=NOW)
    assert live_texts(draft.incident) == []


def test_what_was_said_elsewhere_the_head_and_facts_are_compared(draft: Draft, bob: User):
    other = "14 people were injured."
    note_word(draft.incident_id, Word("press", NOW, text=other), by=bob, now=NOW)
    write_situation(draft.incident_id, Writing("EFFECT", other, 0), by=bob, now=NOW)
    sure = Claim(other, status=FactStatus.VERIFIED, source="Police")
    add_fact(draft.incident_id, sure, by=bob, now=NOW)
    given = Given("We write again tomorrow", NOW + timedelta(days=1), bob, "")
    give_promise(draft.incident_id, given, by=bob, now=NOW)

    assert sorted(labels(draft)) == ["Effect", "F1", "Press call"]
    assert guarded(draft.incident, TEXT, now=NOW)[1] == 4


def test_an_unverified_or_withdrawn_fact_contradicts_nothing(draft: Draft, bob: User):
    add_fact(draft.incident_id, Claim("14 people were injured."), by=bob, now=NOW)
    assert labels(draft) == []
    change = Change({"status": FactStatus.VERIFIED, "source": "Police"}, 1, "They called")
    change_fact(draft.incident_id, 1, change, by=bob, now=NOW)
    assert labels(draft) == ["F1"]


def test_the_panel_shows_both_sentences_side_by_side(
    draft: Draft, signed_in: SignIn, bob: User, charlie: User
):
    hostile = "<b>14</b> people were injured, 15 people were injured."
    note_word(draft.incident_id, Word("press", NOW, text=hostile), by=bob, now=NOW)
    here = reverse("responses:contradictions", args=[draft.incident.reference, draft.number])

    page = signed_in(bob).post(here, {"text": f"Sorry. {TEXT}"}).content.decode()
    assert TEXT in page
    assert "&lt;b&gt;14&lt;/b&gt; people were injured" in page
    assert 'data-place="7 9"' in page
    assert signed_in(bob).get(here).status_code == 200
    assert signed_in(charlie).get(here).status_code == 404


def test_the_api_tells_the_same(draft: Draft, bob: User, charlie: User):
    said = Word("press", NOW, text="14 people were injured.")
    note_word(draft.incident_id, said, by=bob, now=NOW)
    client = APIClient()
    client.force_authenticate(bob)
    url = f"/api/v1/incidents/{draft.incident.reference}/contradictions/"

    (told,) = client.post(url, {"text": TEXT}).json()
    assert (told["kind"], told["sentence"], told["other"], told["start"]) == (
        "number", TEXT, "14 people were injured.", 0,
    )  # fmt: skip
    client.force_authenticate(charlie)
    assert client.post(url, {"text": TEXT}).status_code == 404


def test_variables_are_read_filled_and_the_place_is_the_one_in_the_typed_text(
    draft: Draft, bob: User
):
    now = timezone.now()
    incident = draft.incident
    incident.update_by = now + timedelta(hours=3)
    incident.save(update_fields=["update_by"])
    note_word(incident.pk, Word("press", now, text="14 people were injured."), by=bob, now=now)
    text = "{incident.reference}: by {next_update} we say more. 12 people were injured. {today}"
    found, _among = guarded(incident, text, now=now)
    # The control: the same without variables.
    plain, _among = guarded(incident, "12 people were injured.", now=now)
    assert len(plain) == 1
    places = [text[each.start : each.end] for each in found if each.clash.kind == "number"]
    assert places == [plain[0].clash.claim.sentence[plain[0].start : plain[0].end]]


def test_a_time_that_only_its_variable_tells_contradicts_what_was_promised(draft: Draft, bob: User):
    now = timezone.now()
    incident = draft.incident
    zone = ZoneInfo(incident.brand.time_zone)
    promised = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(9), zone)
    incident.update_by = promised + timedelta(hours=3)
    incident.save(update_fields=["update_by"])
    here = now.astimezone(zone)
    said = f"We will give the next update at {promised:%H:%M} ({promised:%d.%m.%Y})."
    note_word(incident.pk, Word("press", now, text=said), by=bob, now=now)
    assert here.date() < promised.date()
    typed = "We will give the next update at {next_update}."
    filled = variables.fill(typed, incident, now=now)
    wanted = len(guarded(incident, filled, now=now)[0])
    assert len(guarded(incident, typed, now=now)[0]) == wanted


@pytest.mark.parametrize("place", ["{incident.reference}", "a {incident.reference} b {brand}"])
def test_a_place_inside_a_variable_is_the_whole_variable(draft: Draft, place: str):
    full = variables.filled(place, draft.incident, now=NOW)
    start = full.text.index(draft.incident.reference)
    typed = full.typed(start + 1, start + 3)
    assert place[slice(*typed)] == "{incident.reference}"
    assert full.typed(0, len(full.text)) == (0, len(place))
