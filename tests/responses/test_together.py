"""Two people at one draft: nothing that anybody typed is lost."""

import re
import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from core.errors import Conflict, Forbidden
from incidents.models import Incident
from responses import services
from responses.live import may_follow
from responses.models import Draft, Version
from responses.models_composing import Unsaved
from responses.services import Clashing, Seen, Typed
from tests.factories.connectors import AccountFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
TEXT = "We are sorry. Do not eat batch 7.\n\nNext update at 14."


@pytest.fixture
def draft(incident: Incident, account: ConnectedAccount, bob: User) -> Draft:
    return services.create_draft(
        incident.pk, title="T", text=TEXT, by=bob, account_ids=[account.pk], now=timezone.now()
    )


def url(draft: Draft, name: str = "draft") -> str:
    return reverse(f"responses:{name}", args=[draft.incident.reference, draft.number])


def save(draft: Draft, by: User, text: str, *, on: int, title: str = "T") -> services.Saved:
    accounts = frozenset(draft.accounts.values_list("pk", flat=True))
    return services.save_together(
        draft.pk,
        Typed(text, title, accounts),
        seen=Seen(on, "T", accounts),
        by=by,
        now=timezone.now(),
    )


def latest(draft: Draft) -> str:
    return Version.objects.filter(draft=draft).latest("number").text


def form(draft: Draft, text: str, *, base: int, **more: object) -> dict[str, object]:
    ids = list(draft.accounts.values_list("pk", flat=True))
    return {
        "title": draft.title,
        "was_title": draft.title,
        "accounts": ids,
        "was_accounts": " ".join(map(str, ids)),
        "text": text,
        "base": base,
        **more,
    }


def test_what_both_changed_elsewhere_is_joined(draft: Draft, alice: User, bob: User):
    assert not save(draft, alice, TEXT.replace("7", "7 or 8"), on=1).joined

    saved = save(draft, bob, TEXT.replace("sorry", "very sorry"), on=1)

    assert saved.joined
    assert latest(draft) == "We are very sorry. Do not eat batch 7 or 8.\n\nNext update at 14."
    assert Version.objects.filter(draft=draft).count() == 3


def test_the_same_sentence_changed_by_both_is_not_saved_over(draft: Draft, alice: User, bob: User):
    save(draft, alice, TEXT.replace("at 14", "at 15"), on=1)

    with pytest.raises(Clashing) as refused:
        save(draft, bob, TEXT.replace("at 14", "at 16"), on=1)

    assert "at 15" in latest(draft)
    clash = refused.value.merged.clashes[0]
    assert (clash.mine, clash.theirs) == ("Next update at 16.", "Next update at 15.")
    assert "at 16" in refused.value.merged.text


def test_a_title_and_accounts_that_somebody_else_changed_are_not_set_back(
    draft: Draft, alice: User, bob: User, brand: Brand
):
    other = AccountFactory.create(brand=brand, name="@other")
    own = frozenset(draft.accounts.values_list("pk", flat=True))
    change = Typed(TEXT, "Better title", own | {other.pk})
    services.save_together(draft.pk, change, seen=Seen(1, "T", own), by=alice, now=timezone.now())

    save(draft, bob, TEXT.replace("sorry", "very sorry"), on=1)

    draft.refresh_from_db()
    assert draft.title == "Better title"
    assert set(draft.accounts.values_list("pk", flat=True)) == own | {other.pk}
    with pytest.raises(Conflict, match="Better title"):
        save(draft, bob, latest(draft), on=2, title="Mine")


def test_joining_loses_an_approval_like_any_change(approved: Draft, alice: User, bob: User):
    Draft.objects.filter(pk=approved.pk).update(title="T")
    approved.refresh_from_db()
    save(approved, bob, approved.versions.get().text + " More at 14.", on=1)

    approved.refresh_from_db()
    assert approved.state == "WRITING"


@pytest.mark.django_db(transaction=True)
def test_of_forty_saves_at_the_same_moment_every_sentence_arrives(
    draft: Draft, alice: User, bob: User
):
    """Each adds a line at the same place as the other, again and again, on what it saw last."""
    lines = [f"Line {number}." for number in range(20)]
    services.edit_draft(draft.pk, text="\n".join(lines), base_version=1, by=bob, now=timezone.now())
    ready = threading.Barrier(2)
    errors: list[Exception] = []

    def write(user: User, half: range) -> None:
        try:
            for number in half:
                before = Version.objects.filter(draft=draft).latest("number")
                ready.wait()
                text = before.text.replace(f"Line {number}.", f"{user.name} {number}.")
                save(draft, user, text, on=before.number)
        except Exception as error:
            errors.append(error)
            ready.abort()
        finally:
            connection.close()

    threads = [
        threading.Thread(target=write, args=(alice, range(0, 20, 2))),
        threading.Thread(target=write, args=(bob, range(1, 20, 2))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert latest(draft) == "\n".join(
        f"{(bob if number % 2 else alice).name} {number}." for number in range(20)
    )


# The page


def test_the_page_joins_and_says_so_and_asks_nobody_yet(
    draft: Draft, signed_in: SignIn, alice: User, bob: User
):
    save(draft, alice, TEXT.replace("7", "7 or 8"), on=1)

    typed = form(draft, TEXT.replace("sorry", "very sorry"), base=1, submit="1", kept="k1")
    browser = signed_in(bob)
    answer = browser.post(url(draft), typed)

    assert answer["Location"] == url(draft) + "?saved=k1"
    page = browser.get(answer["Location"]).content.decode()
    assert "Joined with what others saved meanwhile" in page
    assert latest(draft).startswith("We are very sorry. Do not eat batch 7 or 8.")
    draft.refresh_from_db()
    assert draft.state == "WRITING"


def test_where_both_changed_the_same_the_page_shows_both_sides(
    draft: Draft, signed_in: SignIn, alice: User, bob: User
):
    theirs = TEXT.replace("at 14", "at 15").replace("7", "7 or 8")
    save(draft, alice, theirs, on=1)

    answer = signed_in(bob).post(url(draft), form(draft, TEXT.replace("at 14", "at 16"), base=1))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'data-mine="Next update at 16." data-theirs="Next update at 15."' in page
    assert "Do not eat batch 7 or 8.\n\nNext update at 16.</textarea>" in page
    assert 'name="base" value="2"' in page


def test_unsaved_words_are_kept_for_their_writer_and_shown_to_the_other(
    draft: Draft, signed_in: SignIn, alice: User, bob: User
):
    typed = form(draft, TEXT.replace("sorry", "truly sorry"), base=1)
    assert signed_in(bob).post(url(draft, "keep"), typed).status_code == 204

    own = signed_in(bob).get(url(draft)).content.decode()
    others = signed_in(alice).get(url(draft) + "?part=writers").content.decode()
    assert "You typed something here on version 1" in own
    assert "has been writing here since" in others
    assert re.search("<ins>[^<]*truly", others)
    assert latest(draft) == TEXT

    mine = TEXT.replace("at 14", "at 15")
    signed_in(alice).post(url(draft, "keep"), form(draft, mine, base=1))
    taken = signed_in(alice).get(url(draft), {"take": bob.pk}).content.decode()
    assert "We are truly sorry. Do not eat batch 7.\n\nNext update at 15.</textarea>" in taken
    assert Unsaved.objects.count() == 2


def test_unsaved_words_go_when_saved_or_thrown_away_and_only_their_own(
    draft: Draft, signed_in: SignIn, alice: User, bob: User
):
    for user in (alice, bob):
        signed_in(user).post(url(draft, "keep"), form(draft, TEXT + " More.", base=1))

    signed_in(alice).post(url(draft, "discard"))
    assert [row.user for row in Unsaved.objects.all()] == [bob]
    signed_in(bob).post(url(draft), form(draft, TEXT + " More.", base=1))

    assert not Unsaved.objects.exists()
    assert latest(draft) == TEXT + " More."


def test_what_is_unsaved_is_never_part_of_a_version(draft: Draft, alice: User, bob: User):
    services.keep_unsaved(
        draft, text="Nobody saved this.", base_version=1, by=alice, now=timezone.now()
    )
    services.submit(draft.pk, by=bob, now=timezone.now())

    assert Unsaved.objects.get().text == "Nobody saved this."
    assert not Version.objects.filter(text__contains="Nobody saved").exists()


def test_who_may_not_write_keeps_nothing_and_strangers_find_nothing(
    draft: Draft, signed_in: SignIn, olga: User, charlie: User
):
    with pytest.raises(Forbidden):
        services.keep_unsaved(draft, text="X", base_version=1, by=olga, now=timezone.now())
    assert signed_in(olga).post(url(draft, "keep"), form(draft, "X", base=1)).status_code == 403
    assert signed_in(charlie).post(url(draft, "keep"), form(draft, "X", base=1)).status_code == 404
    assert may_follow(olga, draft.pk)
    assert not may_follow(charlie, draft.pk)
    assert not Unsaved.objects.exists()


def test_the_api_joins_when_asked_to_and_else_refuses(
    draft: Draft, signed_in: SignIn, alice: User, bob: User
):
    save(draft, alice, TEXT.replace("7", "7 or 8"), on=1)
    here = f"/api/v1/drafts/{draft.pk}/"
    change = {"base_version": 1, "text": TEXT.replace("sorry", "very sorry")}
    client = signed_in(bob)

    assert client.patch(here, change, content_type="application/json").status_code == 409
    done = client.patch(here, {**change, "join": True}, content_type="application/json")

    assert done.status_code == 200
    assert done.json()["text"].startswith("We are very sorry. Do not eat batch 7 or 8.")
    clash = {"base_version": 1, "text": TEXT.replace("7", "9"), "join": True}
    assert client.patch(here, clash, content_type="application/json").status_code == 409
