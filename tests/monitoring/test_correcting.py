import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Refused
from monitoring.models import Mention, MentionCount
from monitoring.services import correct_sentiment
from tests.factories.monitoring import mention

pytestmark = pytest.mark.django_db


@pytest.fixture
def counted(brand: Brand) -> Mention:
    moment = timezone.now()
    MentionCount.objects.create(
        brand=brand,
        minute=moment.replace(second=0, microsecond=0),
        network="x",
        crisis_type="none",
        total=3,
        negative=2,
        positive=1,
    )
    return mention(brand, sentiment="negative", published_at=moment)


def counts() -> tuple[int, int, int]:
    row = MentionCount.objects.get()
    return row.total, row.negative, row.positive


def test_a_correction_stands_beside_the_machines_label_and_moves_the_counts(
    counted: Mention, alice: User
) -> None:
    correct_sentiment(counted, "positive", by=alice)
    row = Mention.objects.get(pk=counted.pk)
    assert (row.sentiment, row.corrected_sentiment) == ("negative", "positive")
    assert counts() == (3, 1, 2)
    entry = AuditEntry.objects.get(action="mention.corrected")
    assert (entry.actor_id, entry.brand_id) == (alice.pk, counted.brand_id)
    assert entry.detail == {"before": "negative", "after": "positive"}


def test_the_same_word_twice_counts_once(counted: Mention, alice: User) -> None:
    correct_sentiment(counted, "neutral", by=alice)
    correct_sentiment(counted, "neutral", by=alice)
    assert counts() == (3, 1, 1)
    assert AuditEntry.objects.filter(action="mention.corrected").count() == 1


def test_going_back_to_the_machines_word_restores_the_counts(counted: Mention, alice: User) -> None:
    correct_sentiment(counted, "positive", by=alice)
    correct_sentiment(counted, "negative", by=alice)
    assert counts() == (3, 2, 1)


def test_what_is_no_sentiment_is_refused(counted: Mention, alice: User) -> None:
    with pytest.raises(Refused):
        correct_sentiment(counted, "furious", by=alice)
    assert Mention.objects.get(pk=counted.pk).corrected_sentiment == ""


def test_a_mention_that_has_left_is_a_conflict(counted: Mention, alice: User) -> None:
    Mention.objects.filter(pk=counted.pk).delete()
    with pytest.raises(Conflict):
        correct_sentiment(counted, "neutral", by=alice)
