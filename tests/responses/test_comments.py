"""Comments on a draft: in threads, resolved, and never anywhere that the public reads."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connectors.models import SimulatedPost
from core.errors import Forbidden, Refused
from incidents import composer
from responses import outside, services
from responses.models import Draft, Publication, Version
from responses.models_composing import DraftComment
from responses.publishing import publish_due
from responses.services.links import Outsider

from .conftest import sha

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
SECRET = "Legal says we knew since May"


def say(draft: Draft, by: User, text: str = SECRET, **more: int) -> DraftComment:
    return services.add_comment(draft.pk, text=text, by=by, now=timezone.now(), **more)


def address(draft: Draft, name: str = "draft", *more: object) -> str:
    return reverse(f"responses:{name}", args=[draft.incident.reference, draft.number, *more])


def test_a_thread_is_answered_resolved_and_opened_again_by_an_answer(
    draft: Draft, signed_in: SignIn, alice: User, bob: User
):
    browser = signed_in(alice)
    browser.post(address(draft, "comment"), {"comment": "Is that so?"})
    thread = DraftComment.objects.get()
    browser.post(address(draft, "comment"), {"comment": "It is.", "thread": thread.pk})
    page = signed_in(bob).get(address(draft), {"part": "comments"}).content.decode()
    assert page.index("Is that so?") < page.index("It is.")

    browser.post(address(draft, "resolve_comment", thread.pk), {"resolved": "1"})
    thread.refresh_from_db()
    assert thread.resolved_by == alice
    assert "1 resolved" in browser.get(address(draft), {"part": "comments"}).content.decode()

    say(draft, bob, "Not quite.", thread_id=thread.pk)
    thread.refresh_from_db()
    assert thread.resolved_at is None


def test_a_comment_reaches_no_version_no_publication_and_nobody_outside(
    submitted: Draft, signed_in: SignIn, alice: User, bob: User, client: Client,
    django_capture_on_commit_callbacks: Callable[..., object],
):  # fmt: skip
    say(submitted, bob)
    assert SECRET in signed_in(alice).get(address(submitted)).content.decode()
    link = services.ask_outside(
        submitted.pk, Outsider("Counsel", hours=4), by=alice, now=timezone.now()
    )
    assert SECRET not in client.get(outside.address(link)).content.decode()

    services.approve(submitted.pk, by=alice, sha256=sha(submitted), now=timezone.now())
    say(submitted, alice)
    Publication.objects.update(publish_at=timezone.now())
    publish_due()

    assert "Please do not drink batch 7." in SimulatedPost.objects.get().text
    assert not SimulatedPost.objects.filter(text__contains=SECRET).exists()
    assert submitted.versions.count() == 1
    assert not Version.objects.filter(text__contains=SECRET).exists()
    api = signed_in(bob).get(f"/api/v1/drafts/{submitted.pk}/").content.decode()
    assert SECRET not in api


def test_nothing_that_goes_out_points_to_a_comment():
    """No way leads from what is published to what was said of it: no model but the comment's own
    refers to it, so no template, serializer or exporter of those can follow one there."""
    referring = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.concrete and field.related_model is DraftComment
    ]
    assert referring == ["DraftComment.thread"]


def test_who_neither_writes_nor_approves_only_reads(
    draft: Draft, signed_in: SignIn, olga: User, charlie: User, bob: User
):
    say(draft, bob)
    with pytest.raises(Forbidden):
        say(draft, olga)
    page = signed_in(olga).get(address(draft), {"part": "comments"}).content.decode()
    assert SECRET in page
    assert "<textarea" not in page
    posted = {"comment": "x"}
    assert signed_in(olga).post(address(draft, "comment"), posted).status_code == 403
    assert signed_in(charlie).post(address(draft, "comment"), posted).status_code == 404
    assert DraftComment.objects.count() == 1


def test_empty_endless_and_foreign_ones_are_refused(draft: Draft, submitted: Draft, bob: User):
    other = services.create_draft(
        draft.incident_id, title="O", text="Other.", by=bob, now=timezone.now()
    )
    thread = say(other, bob)
    for wrong in ({"text": " "}, {"text": "x" * 2001}, {"thread_id": thread.pk}):
        with pytest.raises(Refused):
            say(draft, bob, **wrong)
    with pytest.raises(Refused):
        services.resolve_comment(draft.pk, thread.pk, by=bob, now=timezone.now())
    assert DraftComment.objects.count() == 1


def test_the_composer_asks_the_database_no_more_for_many_comments_and_writers(
    draft: Draft, signed_in: SignIn, alice: User, bob: User,
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
):  # fmt: skip
    for number in range(12):
        say(draft, alice, thread_id=say(draft, bob, f"No. {number}").pk)
    services.keep_unsaved(draft, text="Mine", base_version=1, by=alice, now=timezone.now())
    browser = signed_in(bob)

    with django_assert_max_num_queries(30):
        browser.get(address(draft))


def test_any_two_versions_are_compared(draft: Draft, signed_in: SignIn, bob: User):
    for number, text in enumerate(("One two.", "One three.", "One four."), 1):
        services.edit_draft(draft.pk, text=text, base_version=number, by=bob, now=timezone.now())

    page = signed_in(bob).get(address(draft), {"since": "2", "until": "3"}).content.decode()

    assert "From version 2 to version 3" in page
    changes = page[page.index('<p class="diff">') :]
    assert "<del>two.</del><ins>three.</ins>" in changes[: changes.index("</p>")]
    assert "four" not in changes[: changes.index("</p>")]


def test_whom_an_at_can_name_is_offered_to_who_may_comment(
    draft: Draft, signed_in: SignIn, alice: User, bob: User, olga: User, charlie: User
):
    page = f"/i/CD-2026-014/drafts/{draft.number}/?part=people"

    offered = signed_in(bob).get(page).content.decode()

    assert f'data-insert="@{composer.handle(alice)} "' in offered
    assert olga.name not in offered
    assert 'role="option"' not in signed_in(olga).get(page).content.decode()
    assert signed_in(charlie).get(page).status_code == 404
