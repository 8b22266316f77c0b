"""One text in two languages, beside each other; it is said when one was changed after the other."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connectors.models import ConnectedAccount
from core.errors import Conflict, Forbidden, Refused
from responses import services
from responses.models import Draft

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def danish(draft: Draft, bob: User) -> Draft:
    other = services.start_translation(draft.pk, by=bob, now=timezone.now())
    return write(other, "Vi beklager. Drik ikke parti 7.", bob)


def write(draft: Draft, text: str, by: User) -> Draft:
    draft.refresh_from_db()
    return services.edit_draft(
        draft.pk, text=text, base_version=draft.version, by=by, now=timezone.now()
    )


def agree(draft: Draft, other: Draft, by: User) -> None:
    draft.refresh_from_db()
    other.refresh_from_db()
    services.say_same(draft.pk, version=draft.version, other_version=other.version, by=by)


def page(browser: Client, draft: Draft, name: str = "draft") -> str:
    here = reverse(f"responses:{name}", args=[draft.incident.reference, draft.number])
    return browser.get(here).content.decode()


def test_a_translation_begins_with_the_words_and_goes_nowhere_yet(draft: Draft, bob: User):
    other = services.start_translation(draft.pk, by=bob, now=timezone.now())

    assert other.versions.get().text == draft.versions.get().text
    assert not other.accounts.exists()
    draft.refresh_from_db()
    assert (draft.beside, other.beside) == (other, draft)
    with pytest.raises(Conflict, match="already"):
        services.start_translation(draft.pk, by=bob, now=timezone.now())


def test_both_pages_show_both_and_say_which_was_changed_after(
    draft: Draft, danish: Draft, signed_in: SignIn, bob: User
):
    browser = signed_in(bob)
    for each in (draft, danish):
        shown = page(browser, each)
        assert "Please do not drink batch 7." in shown
        assert "Drik ikke parti 7." in shown
        assert "Nobody has said yet that both say the same." in shown

    agree(danish, draft, bob)
    assert "Both say the same." in page(browser, draft)
    write(draft, "We are sorry. Please do not drink batch 7 or 8.", bob)

    assert "This text was changed after the other one." in page(browser, draft)
    behind = page(browser, danish)
    assert "The other text was changed after this one." in behind
    assert "<del>7.</del><ins>7 or 8.</ins>" in behind


def test_the_approver_sees_both(
    draft: Draft, danish: Draft, signed_in: SignIn, account: ConnectedAccount, alice: User,
    bob: User,
):  # fmt: skip
    services.submit(draft.pk, by=bob, now=timezone.now())

    shown = page(signed_in(alice), draft, "approval")

    assert "Drik ikke parti 7." in shown
    assert "Nobody has said yet that both say the same." in shown
    assert "Both say the same now" not in shown


def test_it_is_said_of_what_was_read_only(
    draft: Draft, danish: Draft, signed_in: SignIn, bob: User, olga: User
):
    draft.refresh_from_db()
    danish.refresh_from_db()
    with pytest.raises(Conflict):
        services.say_same(draft.pk, version=draft.version, other_version=danish.version - 1, by=bob)
    with pytest.raises(Forbidden):
        agree(draft, danish, olga)
    draft.refresh_from_db()
    assert draft.beside_version == 0


def test_a_dropped_translation_makes_room_and_a_removal_has_none(
    draft: Draft, danish: Draft, signed_in: SignIn, bob: User
):
    services.drop(danish.pk, by=bob, now=timezone.now())
    assert "Write it in another language too" in page(signed_in(bob), draft)
    services.start_translation(draft.pk, by=bob, now=timezone.now())

    Draft.objects.filter(pk=draft.pk).update(act="DELETE")
    with pytest.raises(Refused):
        services.start_translation(draft.pk, by=bob, now=timezone.now())


def test_the_api_begins_one_and_says_whether_they_agree(
    draft: Draft, signed_in: SignIn, bob: User, charlie: User
):
    client, here = signed_in(bob), f"/api/v1/drafts/{draft.pk}/"

    made = client.post(here + "translate/").json()
    agreed = {"version": 1, "other_version": 1}
    done = client.post(here + "same/", agreed, content_type="application/json").json()

    assert (made["translation"], made["says_the_same"]) == (draft.pk, False)
    assert (done["translation"], done["says_the_same"]) == (made["id"], True)
    write(draft, "Changed.", bob)
    assert client.get(here).json()["says_the_same"] is False
    assert signed_in(charlie).post(here + "translate/").status_code == 404
