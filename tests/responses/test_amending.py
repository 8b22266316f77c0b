"""Published texts are edited, taken down and corrected by drafts that are approved like others."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connectors.models import SimulatedPost
from core.errors import Conflict, Forbidden, Refused
from incidents.enums_record import FactStatus
from incidents.models import Incident
from incidents.services import facts
from incidents.services.facts import Change, Claim
from responses import correcting, services
from responses.enums import Act, DraftState, PublicationState
from responses.models import Draft, Publication
from responses.publishing import publish_due

from .conftest import sha


@pytest.fixture
def sent(due: Publication) -> Publication:
    publish_due(now=timezone.now() + timedelta(minutes=1))
    due.refresh_from_db()
    assert due.state == PublicationState.SENT
    return due


def let_out(draft: Draft, alice: User) -> None:
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())
    publish_due(now=timezone.now() + timedelta(minutes=2))


def test_an_edit_takes_the_place_of_what_stands_there_once_approved(
    sent: Publication, alice: User, bob: User
):
    draft = services.start_edit(sent.pk, by=bob, now=timezone.now())
    services.edit_draft(draft.pk, text="Batch 8.", base_version=1, by=bob, now=timezone.now())
    services.submit(draft.pk, by=bob, now=timezone.now())
    publish_due(now=timezone.now() + timedelta(minutes=2))
    assert SimulatedPost.objects.get().text == sent.version.text

    draft.refresh_from_db()
    let_out(draft, alice)

    assert SimulatedPost.objects.get().text == "Batch 8."
    sent.refresh_from_db()
    assert (sent.shown.text, Draft.objects.get(pk=draft.pk).state) == (
        "Batch 8.",
        DraftState.PUBLISHED,
    )


def test_a_text_is_taken_down_once_approved(sent: Publication, alice: User, bob: User):
    draft = services.start_removal(sent.pk, by=bob, now=timezone.now())
    assert (draft.act, draft.state) == (Act.DELETE, DraftState.SUBMITTED)
    assert SimulatedPost.objects.exists()

    let_out(draft, alice)

    assert not SimulatedPost.objects.exists()
    sent.refresh_from_db()
    assert sent.gone_at
    with pytest.raises(Conflict, match="not out there"):
        services.start_edit(sent.pk, by=bob, now=timezone.now())


def test_an_edit_whose_answer_is_lost_is_made_again(sent: Publication, alice: User, bob: User):
    draft = services.start_edit(sent.pk, by=bob, now=timezone.now())
    services.edit_draft(draft.pk, text="Batch 8.", base_version=1, by=bob, now=timezone.now())
    services.submit(draft.pk, by=bob, now=timezone.now())
    draft.refresh_from_db()
    sent.account.config["fail"] = "lost"
    sent.account.save()
    let_out(draft, alice)
    out = Publication.objects.get(version__draft=draft)
    assert out.state == PublicationState.QUEUED

    sent.account.config["fail"] = ""
    sent.account.save()
    publish_due(now=timezone.now() + timedelta(hours=1))

    assert SimulatedPost.objects.get().text == "Batch 8."


def test_an_edit_goes_nowhere_else_and_a_removal_says_what_it_removes(
    sent: Publication, alice: User, bob: User
):
    draft = services.start_removal(sent.pk, by=bob, now=timezone.now())

    with pytest.raises(Refused, match="takes a text down"):
        services.edit_draft(draft.pk, text="Other.", base_version=1, by=bob, now=timezone.now())
    with pytest.raises(Refused, match="anywhere else"):
        services.set_accounts(draft.pk, account_ids=[], by=bob, now=timezone.now())


def test_one_change_at_a_time(sent: Publication, bob: User):
    services.start_edit(sent.pk, by=bob, now=timezone.now())

    with pytest.raises(Conflict, match="already"):
        services.start_removal(sent.pk, by=bob, now=timezone.now())


def test_what_is_not_out_or_where_nobody_can_is_refused(due: Publication, bob: User, olga: User):
    with pytest.raises(Conflict):
        services.start_edit(due.pk, by=bob, now=timezone.now())
    with pytest.raises(Forbidden):
        services.start_edit(due.pk, by=olga, now=timezone.now())
    publish_due(now=timezone.now() + timedelta(minutes=1))
    type(due.account).objects.update(network="outbound_webhook")
    with pytest.raises(Refused, match="by hand"):
        services.start_edit(due.pk, by=bob, now=timezone.now())


def test_citations_stay_in_the_house(
    incident: Incident, account, alice: User, bob: User, client: Client
):
    fact = facts.add_fact(
        incident.pk,
        Claim("Batch 7 is clean", FactStatus.VERIFIED, "Lab"),
        by=bob,
        now=timezone.now(),
    )
    draft = services.create_draft(
        incident.pk, title="T", text="Batch 7 is clean [F1]. Drink it.", by=bob,
        account_ids=[account.pk], now=timezone.now(),
    )  # fmt: skip
    version = draft.versions.get()
    assert (version.text, version.written) == (
        "Batch 7 is clean. Drink it.",
        "Batch 7 is clean [F1]. Drink it.",
    )
    services.submit(draft.pk, by=bob, now=timezone.now())
    let_out(draft, alice)
    assert SimulatedPost.objects.get().text == "Batch 7 is clean. Drink it."
    assert correcting.to_correct(incident.pk) == []

    facts.change_fact(
        incident.pk, fact.number,
        Change({"status": FactStatus.WITHDRAWN}, seen=1, reason="Second sample"),
        by=bob, now=timezone.now(),
    )  # fmt: skip

    publication = Publication.objects.get()
    assert correcting.to_correct(incident.pk) == [(publication, [1])]
    client.force_login(bob)
    panel = client.get(f"/i/{incident.reference}/drafts/panel/").text
    assert "Correct this" in panel

    client.post(f"/publications/{publication.pk}/correct/")
    correction = Draft.objects.get(corrects=publication)
    assert "Batch 7 is clean" in correction.versions.get().text
    assert correction.reply_to["external_id"] == publication.external_id
    assert services.start_correction(publication.pk, by=bob, now=timezone.now()) == correction
    services.submit(correction.pk, by=bob, now=timezone.now())
    let_out(correction, alice)
    assert correcting.to_correct(incident.pk) == []


def test_a_text_of_citations_alone_says_nothing(incident: Incident, bob: User):
    with pytest.raises(Refused, match="Write what"):
        services.create_draft(incident.pk, title="T", text=" [F1] ", by=bob, now=timezone.now())
