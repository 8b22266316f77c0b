"""What a draft quotes of the post it answers goes when the post goes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Brand, User
from core.engine import LOOPS
from incidents.models import Incident
from monitoring.models import HiddenAuthor, Mention
from responses import services
from responses.models import Draft
from responses.models_composing import Unsaved
from responses.services import forgetting
from tests.factories.monitoring import SourceFactory, mention

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
WORDS = "They burned my hand"


@pytest.fixture
def answered(brand: Brand) -> Mention:
    source = SourceFactory.create(brand=brand)
    return mention(brand, source_id=source.pk, text=WORDS, author="nana", author_id="did:1")


@pytest.fixture
def draft(incident: Incident, bob: User, answered: Mention) -> Draft:
    kept = {
        "id": answered.pk, "published_at": answered.published_at.isoformat(),
        "external_id": answered.external_id, "author": answered.author, "text": answered.text,
    }  # fmt: skip
    return services.create_draft(
        incident.pk, title="Reply", text="Sorry.", by=bob, reply_to=kept, now=timezone.now()
    )


@pytest.mark.parametrize("how", ["gone", "author"])
def test_a_quote_goes_with_its_post_and_the_answers_place_stays(
    draft: Draft, answered: Mention, bob: User, signed_in: SignIn, how: str
) -> None:
    page = f"/i/{draft.incident.reference}/drafts/{draft.number}/"
    assert forgetting.forget_gone() == 0
    assert WORDS in signed_in(bob).get(page).content.decode()
    if how == "gone":
        Mention.objects.update(gone_at=timezone.now(), text="", author="")
    else:
        HiddenAuthor.objects.create(
            source_id=answered.source_id, author_id="did:1", gone=True, at=timezone.now()
        )
    assert forgetting.forget_gone() == 1
    assert forgetting.forget_gone() == 0
    shown = signed_in(bob).get(page).content.decode()
    assert WORDS not in shown
    assert "nana" not in shown
    assert "has been taken away" in shown
    draft.refresh_from_db()
    assert draft.reply_to["external_id"] == answered.external_id


def test_what_was_typed_and_never_saved_goes_after_a_week_and_younger_words_stay(
    draft: Draft, alice: User, bob: User
):
    now = timezone.now()
    for user in (alice, bob):
        services.keep_unsaved(draft, text="Mine", base_version=1, by=user, now=now)
    Unsaved.objects.filter(user=alice).update(at=now - timedelta(days=7, minutes=1))
    Unsaved.objects.filter(user=bob).update(at=now - timedelta(days=6, hours=23))
    assert LOOPS["unsaved"].run() == 1
    assert LOOPS["unsaved"].run() == 0
    assert [row.user for row in Unsaved.objects.all()] == [bob]
