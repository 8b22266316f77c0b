"""Editing, approving and publishing at the same moment, with real threads."""

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Brand, User
from connectors.models import ConnectedAccount, SimulatedPost
from core.errors import Refused
from incidents.models import Incident, TimelineEntry
from responses import services, texts
from responses.enums import DraftState, PublicationState, Verdict
from responses.models import Approval, Draft, Publication, Version
from responses.publishing import publish_due
from responses.services.approving import UNDO_WINDOW

from .conftest import sha

RACES = 100
pytestmark = pytest.mark.django_db(transaction=True)


def together(*actions: Callable[[], object]) -> None:
    """Run each in a thread of its own, starting at once; a refusal is an ordinary outcome."""
    ready = threading.Barrier(len(actions))
    errors: list[Exception] = []

    def run(action: Callable[[], object]) -> None:
        try:
            ready.wait()
            action()
        except Refused:
            pass
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def a_submitted_draft(incident: Incident, account: ConnectedAccount, bob: User) -> Draft:
    draft = services.create_draft(
        incident.pk,
        title="T",
        text=f"Approved words {random.random()}",
        by=bob,
        account_ids=[account.pk],
        now=timezone.now(),
    )
    return services.submit(draft.pk, by=bob, now=timezone.now())


def approve(draft: Draft, alice: User, shown: str) -> None:
    """Approve long enough ago that the undo window is over."""
    services.approve(draft.pk, by=alice, sha256=shown, now=timezone.now() - UNDO_WINDOW)


class Editor:
    """Edits a moment after the others have started: later when it was too early last time, and
    sooner when it was too late, so that the race stays one however busy the machine is."""

    def __init__(self, bob: User) -> None:
        self.bob = bob
        self.delay = 0.02
        self.done = threading.Event()

    def edit(self, draft: Draft) -> None:
        time.sleep(self.delay * random.uniform(0.5, 1.5))
        try:
            services.edit_draft(
                draft.pk,
                text=f"Nobody approved {random.random()}",
                base_version=1,
                by=self.bob,
                now=timezone.now(),
            )
        finally:
            self.done.set()

    def keep_doing(self, work: Callable[[], object]) -> None:
        """Work until a moment after the edit."""
        while not self.done.wait(0.003):
            work()
        work()

    def learn(self, *, too_early: bool) -> None:
        self.delay = min(self.delay * 1.4, 1.0) if too_early else self.delay * 0.7
        self.done.clear()


def unapproved() -> list[str]:
    """What is out without that anybody ever approved these words."""
    approved = set(
        Approval.objects.filter(verdict=Verdict.APPROVED).values_list("sha256", flat=True)
    )
    out = SimulatedPost.objects.values_list("text", flat=True)
    return [text for text in out if texts.sha256(text) not in approved]


def test_no_words_go_out_that_nobody_approved(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User
):
    editor = Editor(bob)
    for _ in range(RACES):
        draft = a_submitted_draft(incident, account, bob)
        together(
            partial(approve, draft, alice, sha(draft)),
            partial(editor.edit, draft),
            partial(editor.keep_doing, publish_due),
            partial(editor.keep_doing, publish_due),
        )
        out = SimulatedPost.objects.filter(text=draft.versions.get(number=1).text)
        editor.learn(too_early=not out.exists())

    outcomes = set(Publication.objects.values_list("state", flat=True))
    assert unapproved() == []
    # The race was one: sometimes the editor was quicker, sometimes the publisher.
    assert outcomes == {PublicationState.SENT, PublicationState.CANCELLED}
    _assert_called_back_is_not_out()


def _assert_called_back_is_not_out() -> None:
    """Whoever was told that it was called back was told the truth, and nothing is out twice."""
    called_back = TimelineEntry.objects.filter(
        params__code="approval_lost", params__called_back__gt=0
    )
    for entry in called_back:
        draft = Draft.objects.get(incident=entry.incident_id, number=entry.params["draft"])
        first = draft.versions.get(number=1)
        assert not SimulatedPost.objects.filter(text=first.text).exists()
    posts = list(SimulatedPost.objects.values_list("text", flat=True))
    assert len(posts) == len(set(posts))


def naive_publish(draft: Draft, account: ConnectedAccount) -> None:
    """What publishing would be without lock, digest and guard: look, then send the latest text."""
    if Draft.objects.get(pk=draft.pk).state != DraftState.APPROVED:
        return
    time.sleep(0.05)
    text = Version.objects.filter(draft=draft).order_by("-number").first().text
    SimulatedPost.objects.get_or_create(
        idempotency_key=f"naive-{draft.pk}",
        defaults={
            "world": "naive",
            "author": account.name,
            "text": text,
            "appears_at": timezone.now(),
        },
    )


def test_the_same_race_catches_a_naive_publisher(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User
):
    """The control: without it the test above might be too gentle to fail."""
    editor = Editor(bob)
    for _ in range(RACES):
        draft = a_submitted_draft(incident, account, bob)
        together(
            partial(approve, draft, alice, sha(draft)),
            partial(editor.edit, draft),
            partial(editor.keep_doing, partial(naive_publish, draft, account)),
        )
        if unapproved():
            return
        out = SimulatedPost.objects.filter(idempotency_key=f"naive-{draft.pk}")
        editor.learn(too_early=not out.exists())
    pytest.fail("A hundred naive races and nothing wrong went out: the race is none.")


def test_without_its_guard_the_database_would_have_let_it_pass(approved: Draft, bob: User):
    publication = Publication.objects.get()
    services.edit_draft(approved.pk, text="Nobody.", base_version=1, by=bob, now=timezone.now())
    rows = Publication.objects.filter(pk=publication.pk)
    rows.update(state=PublicationState.QUEUED)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE responses_publication DISABLE TRIGGER responses_publication_guard"
        )
        assert rows.update(state=PublicationState.SENDING) == 1
        transaction.set_rollback(True)
    with pytest.raises(Exception, match="No standing approval"):
        rows.update(state=PublicationState.SENDING)


def test_two_editors_at_once_lose_nothing(draft: Draft, alice: User, bob: User):
    together(
        lambda: services.edit_draft(
            draft.pk, text="Alice's.", base_version=1, by=alice, now=timezone.now()
        ),
        lambda: services.edit_draft(
            draft.pk, text="Bob's.", base_version=1, by=bob, now=timezone.now()
        ),
    )

    draft.refresh_from_db()
    assert draft.version == 2
    assert draft.versions.count() == 2


def test_editing_and_approving_at_once_never_leaves_ones_own_words_approved(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User
):
    for _ in range(20):
        draft = a_submitted_draft(incident, account, bob)
        together(
            partial(approve, draft, alice, sha(draft)),
            partial(
                services.edit_draft,
                draft.pk,
                text="Alice's own.",
                base_version=1,
                by=alice,
                now=timezone.now(),
            ),
        )
        latest = Version.objects.get(draft=draft, number=2)
        assert not latest.approvals.exists()
        draft.refresh_from_db()
        assert draft.state == DraftState.WRITING


def test_undo_and_the_engine_agree_on_who_was_first(
    incident: Incident, account: ConnectedAccount, brand: Brand, alice: User, bob: User
):
    for _ in range(30):
        draft = a_submitted_draft(incident, account, bob)
        now = timezone.now()
        services.approve(draft.pk, by=alice, sha256=sha(draft), now=now)
        just_before = now + UNDO_WINDOW - timedelta(milliseconds=1)
        together(
            partial(services.undo_approval, draft.pk, by=alice, now=just_before),
            partial(publish_due, now=now + UNDO_WINDOW),
        )
        publication = Publication.objects.get(version__draft=draft)
        out = SimulatedPost.objects.filter(text=publication.version.text).count()
        assert (publication.state, out) in {
            (PublicationState.SENT, 1),
            (PublicationState.CANCELLED, 0),
        }
