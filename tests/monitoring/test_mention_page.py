"""A mention's page: its words and why they were scored so, and what stands around it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from monitoring import why
from monitoring.models import HiddenAuthor, Mention
from monitoring.models_triage import MentionState
from monitoring.scoring import score
from monitoring.selectors import around as selectors
from monitoring.services import triage
from monitoring.services.corrections import correct
from monitoring.services.triage import Place
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import DetectionFactory
from tests.factories.monitoring import SourceFactory, mention

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now()
HTMX = {"HX-Request": "true"}


def page(client: Client, found: Mention, name: str = "mention") -> str:
    return client.get(reverse(f"monitoring:{name}", args=[found.pk])).content.decode()


def test_the_words_that_weigh_most_are_told_and_are_in_the_text() -> None:
    text = "The coffee was disgusting and awful, the train left at noon."
    [found] = score([text])
    assert found.sentiment == "negative"
    told = why.words(text, sentiment="negative", crisis_type="none").sentiment
    assert {"disgusting", "awful"} & set(told)
    assert "train" not in told


@pytest.mark.parametrize("text", ["", "😀 !!", "a " * 500, "x" * 5000])
def test_texts_that_say_nothing_have_no_reasons_and_break_nothing(text: str) -> None:
    assert len(why.words(text, sentiment="negative", crisis_type="data_breach").sentiment) <= 4


def test_a_label_that_the_scoring_would_not_give_now_is_not_explained() -> None:
    assert why.words("I love this", sentiment="negative", crisis_type="none").sentiment == []


def test_the_thread_the_copies_and_the_authors_others_are_found(brand: Brand) -> None:
    source = SourceFactory.create(brand=brand)

    def said(ago: int, **fields: object) -> Mention:
        at = NOW - timedelta(minutes=ago)
        return mention(brand, source_id=source.pk, published_at=at, **fields)

    parent = said(9, external_id="top", author_id="p")
    own = said(8, external_id="own", parent_id="top", author_id="a", fingerprint=5)
    answer = said(3, parent_id="own", author_id="b")
    copy = said(2, fingerprint=5, author_id="c")
    other = said(1, author_id="a")
    said(1, author_id="z", parent_id="elsewhere")
    mention(brand, source_id=source.pk + 1, author_id="a", parent_id="own")
    seen = selectors.around(own)
    kinds = (seen.parent, seen.answers, seen.alike, seen.author)
    assert [[post.id for post in kind] for kind in kinds] == [
        [parent.pk], [answer.pk], [copy.pk], [other.pk],
    ]  # fmt: skip


def test_a_mention_without_ids_has_nothing_around_it(brand: Brand) -> None:
    found = mention(brand)
    mention(brand)
    seen = selectors.around(found)
    assert seen == selectors.Around([], [], [], [])


def test_what_was_taken_away_does_not_come_back_as_a_neighbour(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    source = SourceFactory.create(brand=brand)
    found = mention(brand, source_id=source.pk, author_id="a", text="Still here")
    gone = mention(brand, source_id=source.pk, author_id="a", text="Gone words", gone_at=NOW)
    client = signed_in(alice)
    assert "Gone words" not in page(client, found, "around")
    HiddenAuthor.objects.create(source_id=source.pk, author_id="b", gone=True, at=NOW)
    left = mention(brand, source_id=source.pk, author_id="b", text="Left words")
    html = page(client, left)
    assert "Left words" not in html
    assert "taken it away" in html
    assert "taken it away" in page(client, gone)


def test_the_page_says_everything_that_is_known(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    found = mention(
        brand,
        stars=2,
        question=True,
        suspicion=0.9,
        emotion="anger",
        blame="us",
        sentiment="negative",
    )
    DetectionFactory.create(
        brand=brand,
        started_at=NOW - timedelta(hours=1),
        detected_at=timezone.now() + timedelta(hours=1),
    )
    correct(found, "emotion", "fear", bob)
    place = Place(found.pk, found.brand_id, found.published_at)
    answers = {"truth": "true", "kind": "unhappy", "course": "restore", "note": "Call them <b>"}
    triage.decide(place, answers, by=bob, now=NOW)
    html = page(signed_in(alice), found)
    for words in (
        "2 of 5 stars", "Probable campaign", "Anger, ", "Fear", "Bob Berg", "Unhappy customer",
        "Call them &lt;b&gt;", "Make it good", "Unusual",
    ):  # fmt: skip
        assert words in html, words


def test_whoever_may_only_look_sees_no_buttons(
    signed_in: SignIn, charlie: User, brand: Brand
) -> None:
    found = mention(brand)
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    html = page(signed_in(observer), found)
    assert "The coffee was cold." in html
    assert reverse("monitoring:set_state", args=[found.pk]) not in html
    for name in ("mention", "around"):
        address = reverse(f"monitoring:{name}", args=[found.pk])
        assert signed_in(charlie).get(address).status_code == 404


def test_not_about_us_sets_it_aside(signed_in: SignIn, bob: User, brand: Brand) -> None:
    found = mention(brand)
    client = signed_in(bob)
    client.post(reverse("monitoring:not_about", args=[found.pk]))
    row = MentionState.objects.get()
    assert (row.state, row.not_about) == ("ignored", True)
    assert "Reported as not about us" in page(client, found)
    # It counts no more, and a person may take that back.
    found.refresh_from_db()
    offer = reverse("monitoring:not_about", args=[found.pk])
    assert found.about == "other"
    assert offer not in page(client, found)
    correct(found, "about", "brand", bob)
    assert offer in page(client, found)


def test_labels_are_set_from_the_page_and_the_row_comes_back(
    signed_in: SignIn, bob: User, charlie: User, brand: Brand
) -> None:
    found = mention(brand)
    address = reverse("monitoring:label", args=[found.pk])
    values = {"field": "emotion", "value": "anger"}
    answer = signed_in(bob).post(address, values, headers=HTMX)
    assert f'data-id="{found.pk}"' in answer.content.decode()
    assert "Anger" in answer.content.decode()
    assert (
        signed_in(bob).post(address, {"field": "text", "value": "x"}, headers=HTMX).status_code
        == 409
    )
    assert signed_in(charlie).post(address, values).status_code == 404
    assert Mention.objects.get().emotion == "anger"
