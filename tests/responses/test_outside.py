"""Approving by a link, without an account."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Forbidden, Refused
from incidents.services.silence import Word, note_word
from responses import outside, services
from responses.enums import DraftState, Verdict
from responses.models import Approval, Draft, Publication
from responses.models_policy import ApprovalLink
from responses.services.links import Answer, Outsider
from responses.views.outside import MOST
from tests.outsiders import forget_calls

from .conftest import sha

NOW = timezone.now()
COUNSEL = Outsider("Karl Kaas", "kaas@law.example", "Kaas Law", hours=2)


@pytest.fixture(autouse=True)
def _nobody_asked_before() -> None:
    """All tests ask from one address, and the count of it is in Redis."""
    forget_calls()


@pytest.fixture
def link(submitted: Draft, alice: User) -> ApprovalLink:
    return services.ask_outside(submitted.pk, COUNSEL, by=alice, now=timezone.now())


@pytest.fixture
def page(link: ApprovalLink) -> str:
    return "/" + outside.address(link).split("/", 3)[3]


@pytest.fixture
def stranger() -> Client:
    """Without an account and without a cookie; CSRF is enforced as in life."""
    return Client(enforce_csrf_checks=True)


def test_looking_shows_the_text_and_its_digest_and_does_nothing(
    stranger: Client, page: str, submitted: Draft
):
    for _time in range(3):
        response = stranger.get(page)
        stranger.head(page)

    assert submitted.versions.get().text in response.text
    assert sha(submitted) in response.text
    assert "Karl Kaas" in response.text
    assert response["Cache-Control"] == "no-store"
    assert not Approval.objects.exists()


def test_pressing_approves_once_under_the_name_of_who_was_asked(
    stranger: Client, page: str, submitted: Draft
):
    stranger.post(page, {"sha256": sha(submitted), "verdict": "approve"})

    given = Approval.objects.get()
    assert (given.approver, given.name) == (None, "Karl Kaas, Kaas Law")
    assert Draft.objects.get().state == DraftState.APPROVED
    assert Publication.objects.exists()
    assert AuditEntry.objects.filter(action="draft.approved_outside").exists()

    again = stranger.post(page, {"sha256": sha(submitted), "verdict": "approve"})
    assert (again.status_code, Approval.objects.count()) == (409, 1)


def test_pressing_send_back_needs_words(stranger: Client, page: str, submitted: Draft):
    empty = stranger.post(page, {"sha256": sha(submitted), "verdict": "changes"})
    assert (empty.status_code, Draft.objects.get().state) == (409, DraftState.SUBMITTED)

    stranger.post(
        page, {"sha256": sha(submitted), "verdict": "changes", "comment": "Do not say sorry."}
    )
    assert Draft.objects.get().state == DraftState.CHANGES


def changed(link: ApprovalLink) -> None:
    draft = link.version.draft
    services.edit_draft(draft.pk, text="Buy!", base_version=1, by=draft.author, now=NOW)
    services.submit(draft.pk, by=draft.author, now=NOW)


def taken_back(link: ApprovalLink) -> None:
    services.revoke_link(link.pk, by=link.asked_by, now=NOW)


def right_lost(link: ApprovalLink) -> None:
    link.asked_by.memberships.update(role="OBSERVER")


def dropped(link: ApprovalLink) -> None:
    services.drop(link.version.draft_id, by=link.version.draft.author, now=NOW)


@pytest.mark.parametrize("spoil", [changed, taken_back, right_lost, dropped])
def test_a_link_that_is_over_shows_no_text_and_does_nothing(
    stranger: Client, page: str, link: ApprovalLink, spoil
):
    assert link.version.text in stranger.get(page).text

    spoil(link)

    looked = stranger.get(page)
    pressed = stranger.post(page, {"sha256": link.sha256, "verdict": "approve"})
    assert (looked.status_code, pressed.status_code) == (409, 409)
    assert link.version.text not in looked.text
    assert not Approval.objects.exists()


def test_a_link_ends_at_its_time(submitted: Draft, alice: User, stranger: Client):
    old = services.ask_outside(
        submitted.pk, COUNSEL, by=alice, now=timezone.now() - timedelta(hours=3)
    )
    pressed = stranger.post(outside.address(old), {"sha256": old.sha256, "verdict": "approve"})

    assert pressed.status_code == 409
    assert not Approval.objects.exists()


def test_a_changed_or_invented_link_is_no_page(stranger: Client, page: str):
    assert stranger.get(page).status_code == 200
    head, token = page.rstrip("/").rsplit("/", 1)
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "9" + token, "x", "a" * 300):
        assert stranger.get(f"{head}/{forged}/").status_code == 404


def test_another_digest_than_the_one_shown_is_refused(stranger: Client, page: str):
    pressed = stranger.post(page, {"sha256": "0" * 64, "verdict": "approve"})

    assert pressed.status_code == 409
    assert not Approval.objects.exists()


def test_guessing_is_slowed_down(stranger: Client, alice: User):
    codes = [stranger.get("/approve/guess/").status_code for _time in range(MOST + 1)]

    assert set(codes[:MOST]) == {404}
    assert codes[MOST] == 429


def test_nobody_asks_who_could_not_answer_themselves(
    submitted: Draft, bob: User, olga: User, brand: Brand
):
    for person in (bob, olga):
        with pytest.raises(Forbidden):
            services.ask_outside(submitted.pk, COUNSEL, by=person, now=NOW)
    assert not ApprovalLink.objects.exists()


def test_a_stranger_of_the_brand_cannot_take_a_link_back(link: ApprovalLink, charlie: User):
    client = Client()
    client.force_login(charlie)

    assert client.post(f"/approvals/links/{link.pk}/revoke/").status_code == 404
    with pytest.raises(Forbidden):
        services.revoke_link(link.pk, by=charlie, now=NOW)


@pytest.mark.parametrize(
    "who", [Outsider(" "), Outsider("K", email="nobody"), Outsider("K", hours=0)]
)
def test_who_is_asked_must_be_said(submitted: Draft, alice: User, who: Outsider):
    with pytest.raises(Refused):
        services.ask_outside(submitted.pk, who, by=alice, now=NOW)


def test_an_answer_cannot_be_given_twice_at_once(link: ApprovalLink, submitted: Draft):
    services.answer_outside(link.pk, Answer(Verdict.APPROVED, link.sha256), now=NOW)
    with pytest.raises(Conflict, match="has been used"):
        services.answer_outside(link.pk, Answer(Verdict.APPROVED, link.sha256), now=NOW)


def test_the_asker_is_shown_the_link_once(submitted: Draft, alice: User):
    client = Client()
    client.force_login(alice)
    url = f"/i/{submitted.incident.reference}/drafts/{submitted.number}/outside/"

    made = client.post(url, {"name": "Karl Kaas", "hours": "4"})

    assert outside.address(ApprovalLink.objects.get()) in made.text
    assert made["Cache-Control"] == "no-store"


def test_who_approves_outside_is_warned_as_inside_and_reads_no_text_that_is_not_out(
    stranger: Client, page: str, submitted: Draft, bob: User
):
    assert "people ask which of them is true" not in stranger.get(page).text
    incident = submitted.incident
    denies = "The claims are simply not true."
    # Written while it was judged: the link's own text stands as it was.
    hidden = "We take full responsibility for the secret leak in hall 9."
    services.create_draft(incident.pk, title="Inner", text=hidden, by=bob, now=timezone.now())
    other = services.create_draft(
        incident.pk, title="Denial", text=denies, account_ids=[submitted.accounts.get().pk],
        by=bob, now=timezone.now(),
    )  # fmt: skip
    services.submit(other.pk, by=bob, now=timezone.now())
    link = services.ask_outside(
        other.pk, Outsider("Counsel", hours=4), by=User.objects.get(email="alice@example.org"),
        now=timezone.now(),
    )  # fmt: skip
    shown = stranger.get("/" + outside.address(link).split("/", 3)[3]).text
    assert "people ask which of them is true" in shown
    assert "Another text that is not out yet" in shown
    assert "hall 9" not in shown
    # What is out is quoted.
    note_word(incident.pk, Word("press", timezone.now(), text=hidden), by=bob, now=timezone.now())
    shown = stranger.get("/" + outside.address(link).split("/", 3)[3]).text
    assert "hall 9" in shown
