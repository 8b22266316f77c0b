"""The approvals inbox, and approving in two taps."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Membership, User
from responses import services
from responses.enums import DraftState, PublicationState
from responses.models import Approval, Draft, Publication

from .conftest import sha
from .test_pages import url

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
INBOX = "/approvals/"


def form_of(page: str, address: str) -> dict[str, str]:
    """The hidden fields of the form that posts to `address`, as a browser would send them."""
    form = re.search(rf'<form[^>]*action="{re.escape(address)}".*?</form>', page, re.DOTALL)
    assert form, "the page has no such form"
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.group())
    return dict(fields)


def test_two_taps_approve_exactly_what_was_shown(submitted: Draft, signed_in: SignIn, alice: User):
    browser = signed_in(alice)
    page = browser.get(url("approval", submitted)).content.decode()
    assert "Bob Berg asks you to approve it." in page

    answer = browser.post(url("approve", submitted), form_of(page, url("approve", submitted)))

    assert answer["Location"] == url("approval", submitted)
    assert Approval.objects.get().sha256 == sha(submitted)
    after = browser.get(url("approval", submitted)).content.decode()
    assert "Approved. It goes out in" in after


def test_undo_works_without_a_script(approved: Draft, signed_in: SignIn, alice: User):
    browser = signed_in(alice)
    page = browser.get(url("approval", approved)).content.decode()

    browser.post(url("undo", approved), form_of(page, url("undo", approved)))

    assert Draft.objects.get().state == DraftState.SUBMITTED
    assert Publication.objects.get().state == PublicationState.CANCELLED


def test_a_page_that_is_out_of_date_approves_nothing_and_shows_the_new_text(
    submitted: Draft, signed_in: SignIn, alice: User, bob: User
):
    browser = signed_in(alice)
    page = browser.get(url("approval", submitted)).content.decode()
    services.edit_draft(submitted.pk, text="Buy!", base_version=1, by=bob, now=timezone.now())
    services.submit(submitted.pk, by=bob, now=timezone.now())

    bar = browser.get(url("approval", submitted), {"part": "bar", "shown": "1"})
    answer = browser.post(
        url("approve", submitted), form_of(page, url("approve", submitted)), follow=True
    )

    assert "The text has changed since it was shown to you." in bar.content.decode()
    assert url("approve", submitted) not in bar.content.decode()
    assert "The text has changed since it was shown to you. Read it again." in (
        answer.content.decode()
    )
    assert "<ins>" in answer.content.decode()
    assert not Approval.objects.exists()


def test_approving_without_saying_what_was_shown_is_refused(
    submitted: Draft, signed_in: SignIn, alice: User
):
    signed_in(alice).post(url("approve", submitted))

    assert not Approval.objects.exists()


def test_the_author_is_refused_by_the_page_too(submitted: Draft, signed_in: SignIn, bob: User):
    Membership.objects.filter(user=bob).update(role=Role.LEAD)

    answer = signed_in(bob).post(url("approve", submitted), {"sha256": sha(submitted)})

    assert answer.status_code == 403
    assert "Somebody else has to approve it." in answer.content.decode()
    assert not Approval.objects.exists()


def test_asking_for_changes_sends_it_back(submitted: Draft, signed_in: SignIn, alice: User):
    signed_in(alice).post(url("ask_changes", submitted), {"comment": "Name the batch."})

    assert Draft.objects.get().state == DraftState.CHANGES
    page = signed_in(alice).get(url("draft", submitted)).content.decode()
    assert "Name the batch." in page


def test_the_inbox_shows_each_what_waits_for_them(
    submitted: Draft, signed_in: SignIn, alice: User, bob: User, charlie: User
):
    link = url("approval", submitted)

    def shown(user: User, show: str) -> bool:
        return link in signed_in(user).get(INBOX, {"show": show}).content.decode()

    assert [shown(alice, show) for show in ("mine", "waiting", "done")] == [True, False, False]
    assert [shown(bob, show) for show in ("mine", "waiting", "done")] == [False, True, False]
    assert not any(shown(charlie, show) for show in ("mine", "waiting", "done"))

    services.approve(submitted.pk, by=alice, sha256=sha(submitted), now=timezone.now())

    assert [shown(alice, show) for show in ("mine", "waiting", "done")] == [False, False, True]
    assert [shown(bob, show) for show in ("mine", "waiting", "done")] == [False, False, True]


def test_an_empty_inbox_says_so(signed_in: SignIn, alice: User):
    assert "Nothing waits for you" in signed_in(alice).get(INBOX).content.decode()


def test_danish_readers_and_others_get_the_same_page_structure(
    submitted: Draft, signed_in: SignIn, alice: User
):
    alice.language = "da"
    alice.save(update_fields=["language"])

    page = signed_in(alice).get(reverse("responses:approvals")).content.decode()

    assert '<html lang="da"' in page
