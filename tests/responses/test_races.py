"""Editing, approving and publishing at the same moment, with real threads."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Brand, User
from connectors.models import ConnectedAccount, SimulatedPost
from core.errors import Refused
from incidents.models import Incident, TimelineEntry
from responses import services
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication, Version
from responses.publishing import publish_due
from responses.services.approving import UNDO_WINDOW
from tests.threads import together

from .conftest import sha
from .racing import Racing, a_submitted_draft, approve, unapproved

RACES = 100
pytestmark = pytest.mark.django_db(transaction=True)


def test_no_words_go_out_that_nobody_approved(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User
):
    racing = Racing(incident, account, author=bob, approver=alice)
    for _ in range(RACES):
        racing.run()

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


def test_the_same_race_catches_a_naive_publisher(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User
):
    """The control: without it the test above might be too gentle to fail."""
    racing = Racing(incident, account, author=bob, approver=alice)
    for _ in range(RACES):
        racing.run_naively()
        if unapproved():
            return
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
        bearing=Refused,
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
            bearing=Refused,
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
            bearing=Refused,
        )
        publication = Publication.objects.get(version__draft=draft)
        out = SimulatedPost.objects.filter(text=publication.version.text).count()
        assert (publication.state, out) in {
            (PublicationState.SENT, 1),
            (PublicationState.CANCELLED, 0),
        }
