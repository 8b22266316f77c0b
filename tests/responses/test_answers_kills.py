"""The answering process is killed at every point: nobody is answered twice, nobody is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from connectors.models import SimulatedPost
from connectors.outbox import STALE_AFTER
from responses.answers import answer_due
from responses.enums import PublicationState
from responses.enums_engage import ConversationState
from responses.models import Version
from responses.models_engage import Answer, Conversation

from .test_answers import ida, send, version, written  # noqa: F401 - fixtures
from .test_kills import publish_and_die

SENDING = 'UPDATE "responses_answer" SET "state"'
POST = 'INSERT INTO "connectors_simulatedpost"'
POINTS = {
    "before it is claimed": ((SENDING, 1, "before"), "QUEUED", 0),
    "claimed but not committed": ((SENDING, 1, "after"), "QUEUED", 0),
    "committed, before the call": ((POST, 1, "before"), "SENDING", 0),
    "during the call, the network undecided": ((POST, 1, "after"), "SENDING", 0),
    "recorded but not committed": ((SENDING, 2, "after"), "SENDING", 1),
}
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]


@pytest.mark.parametrize("point", POINTS)
def test_whenever_it_dies_one_person_is_answered_once(
    point: str,
    ida: Conversation,  # noqa: F811 - a fixture
    version: Version,  # noqa: F811 - a fixture
    bob: User,
):
    made = send(ida, version, bob)
    where, state, posts = POINTS[point]
    publish_and_die(*where, "responses.answers.answer_due")
    made.refresh_from_db()
    assert (made.state, SimulatedPost.objects.count()) == (state, posts)
    for after in (timedelta(), STALE_AFTER, STALE_AFTER + timedelta(seconds=10)):
        answer_due(now=timezone.now() + after)
    made.refresh_from_db()
    assert (made.state, SimulatedPost.objects.count()) == (PublicationState.SENT, 1)
    assert Conversation.objects.get().state == ConversationState.WAITING
    assert Answer.objects.count() == 1
