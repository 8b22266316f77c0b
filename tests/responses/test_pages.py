"""The composer, new drafts, the lists and the panels: who sees what, and nothing typed is lost."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connectors.models import ConnectedAccount, SimulatedPost
from incidents.models import Incident
from monitoring.models import Mention
from responses import services
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication
from responses.publishing import publish_due

from .conftest import sha

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HOSTILE = "<script>alert(1)</script> & \"'"
TEMPLATES = Path(__file__).parents[2] / "templates" / "responses"


def url(name: str, draft: Draft) -> str:
    return reverse(f"responses:{name}", args=[draft.incident.reference, draft.number])


def typed(draft: Draft, **changed: object) -> dict[str, object]:
    """The composer's form as the page shows it, with something changed."""
    return {
        "title": draft.title,
        "text": draft.versions.first().text,
        "accounts": list(draft.accounts.values_list("pk", flat=True)),
        "base": draft.version,
        **changed,
    }


PAGES = ["draft", "approval"]
ACTIONS = ["draft", "preview", "submit", "drop", "approve", "ask_changes", "undo"]


@pytest.mark.parametrize("name", PAGES)
def test_members_read_and_a_stranger_finds_nothing(
    submitted: Draft, signed_in: SignIn, olga: User, charlie: User, name: str
):
    seen = signed_in(olga).get(url(name, submitted))
    assert "Please do not drink batch 7." in seen.content.decode()

    assert signed_in(charlie).get(url(name, submitted)).status_code == 404
    assert Client().get(url(name, submitted)).status_code == 302


@pytest.mark.parametrize("name", ACTIONS)
def test_a_stranger_cannot_act_on_what_is_not_there_for_them(
    submitted: Draft, signed_in: SignIn, charlie: User, name: str
):
    answer = signed_in(charlie).post(url(name, submitted), typed(submitted, text="Mine."))

    assert answer.status_code == 404
    assert submitted.versions.count() == 1


@pytest.mark.parametrize("name", ["draft", "submit", "drop", "approve", "ask_changes"])
def test_an_observer_is_told_that_the_right_is_missing(
    submitted: Draft, signed_in: SignIn, olga: User, name: str
):
    answer = signed_in(olga).post(url(name, submitted), typed(submitted, text="Mine."))

    assert answer.status_code == 403
    assert "Your role in this brand does not include" in answer.content.decode()
    submitted.refresh_from_db()
    assert (submitted.state, submitted.version) == (DraftState.SUBMITTED, 1)


def test_the_observers_composer_has_no_field_to_write_in(
    draft: Draft, signed_in: SignIn, olga: User, bob: User
):
    assert "<textarea" in signed_in(bob).get(url("draft", draft)).content.decode()
    assert "<textarea" not in signed_in(olga).get(url("draft", draft)).content.decode()


def test_saving_and_asking_for_approval_is_one_press(draft: Draft, signed_in: SignIn, bob: User):
    answer = signed_in(bob).post(url("draft", draft), typed(draft, text="Better.", submit="1"))

    assert answer["Location"] == url("draft", draft)
    draft.refresh_from_db()
    assert (draft.version, draft.state) == (2, DraftState.SUBMITTED)


def test_when_somebody_else_saved_both_texts_are_shown_and_saving_again_wins(
    draft: Draft, signed_in: SignIn, alice: User, bob: User
):
    services.edit_draft(draft.pk, text="Alice's.", base_version=1, by=alice, now=timezone.now())
    browser = signed_in(bob)

    answer = browser.post(url("draft", draft), typed(draft, text="Bob's, typed long.", base=1))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else saved version 2" in page
    assert "<textarea" in page
    assert "Bob&#x27;s, typed long.</textarea>" in page
    assert '<p class="statement">Alice&#x27;s.</p>' in page
    assert 'name="base" value="2"' in page

    browser.post(url("draft", draft), typed(draft, text="Bob's, typed long.", base=2))
    assert Draft.objects.get().versions.first().text == "Bob's, typed long."


def test_a_refused_text_stays_in_its_field(draft: Draft, signed_in: SignIn, bob: User):
    answer = signed_in(bob).post(url("draft", draft), typed(draft, title="", text="Typed long."))

    assert answer.status_code == 422
    assert "Typed long.</textarea>" in answer.content.decode()


def test_hostile_text_is_only_text(incident: Incident, signed_in: SignIn, alice: User, bob: User):
    draft = services.create_draft(
        incident.pk, title=HOSTILE, text=HOSTILE, by=bob, now=timezone.now()
    )
    services.edit_draft(draft.pk, text=HOSTILE * 2, base_version=1, by=bob, now=timezone.now())

    for name in PAGES:
        page = signed_in(alice).get(url(name, draft)).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page


def test_the_preview_counts_what_is_typed_and_saves_nothing(
    draft: Draft, signed_in: SignIn, bob: User
):
    answer = signed_in(bob).post(
        url("preview", draft), typed(draft, text="👩‍👩‍👧‍👦" * 3 + "\u202e" + "æ" * 4997)
    )

    page = answer.content.decode()
    assert "1 character too long" in page
    assert "Right-to-left override (U+202E, 1×)" in page
    assert draft.versions.count() == 1


def test_the_composer_says_why_the_author_cannot_approve(
    submitted: Draft, signed_in: SignIn, bob: User, alice: User
):
    from accounts.enums import Role
    from accounts.models import Membership

    Membership.objects.filter(user=bob).update(role=Role.LEAD)

    page = signed_in(bob).get(url("draft", submitted)).content.decode()

    assert "Somebody else has to approve it." in page
    assert "Alice Andersen" in page
    assert url("approve", submitted) not in page


def test_the_status_part_tells_of_a_newer_version(
    draft: Draft, signed_in: SignIn, alice: User, bob: User
):
    services.edit_draft(draft.pk, text="Alice's.", base_version=1, by=alice, now=timezone.now())
    browser = signed_in(bob)

    old = browser.get(url("draft", draft), {"part": "status", "base": "1"}).content.decode()
    new = browser.get(url("draft", draft), {"part": "status", "base": "2"}).content.decode()

    assert "Alice Andersen saved version 2." in old
    assert "saved version" not in new
    assert "<html" not in old


def test_versions_can_be_compared(draft: Draft, signed_in: SignIn, bob: User):
    for number, text in enumerate(("One two four.", "One three four."), start=1):
        services.edit_draft(draft.pk, text=text, base_version=number, by=bob, now=timezone.now())

    latest = signed_in(bob).get(url("draft", draft)).content.decode()
    first = signed_in(bob).get(url("draft", draft), {"since": "1"}).content.decode()

    assert "One <del>two</del><ins>three</ins> four." in latest
    assert "Changes since version 1" in first


def test_a_new_draft_is_begun_from_an_incident(
    incident: Incident, account: ConnectedAccount, signed_in: SignIn, bob: User, olga: User
):
    address = reverse("responses:new", args=[incident.reference])
    browser = signed_in(bob)
    assert f'value="{account.pk}"' in browser.get(address).content.decode()

    answer = browser.post(address, {"title": "T", "text": "Sorry.", "accounts": [account.pk]})

    draft = Draft.objects.get()
    assert answer["Location"] == url("draft", draft)
    assert list(draft.accounts.all()) == [account]
    assert signed_in(olga).get(address).status_code == 403


def mention(brand_id: int) -> Mention:
    return Mention.objects.create(
        brand_id=brand_id,
        source_id=1,
        external_id="ext-7",
        network="x",
        author="@ida",
        text="Is my coffee safe?",
        lang="en",
        published_at=timezone.now(),
        received_at=timezone.now(),
        sentiment="negative",
        sentiment_score=-0.5,
        confidence=0.9,
        crisis_type="product_safety",
    )


def test_an_answer_to_a_mention_goes_out_as_an_answer(
    incident: Incident, account: ConnectedAccount, signed_in: SignIn, alice: User, bob: User
):
    asked = mention(incident.brand_id)
    browser = signed_in(bob)
    address = reverse("responses:new", args=[incident.reference])
    page = browser.get(address, {"mention": asked.pk}).content.decode()
    assert "Is my coffee safe?" in page
    assert "Reply to @ida" in page

    browser.post(
        address, {"title": "R", "text": "Yes.", "accounts": [account.pk], "mention": asked.pk}
    )
    draft = Draft.objects.get()
    services.submit(draft.pk, by=bob, now=timezone.now())
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())

    assert draft.reply_to["author"] == "@ida"
    assert Publication.objects.get().reply_to == "ext-7"


def test_a_mention_of_another_brand_cannot_be_answered(
    incident: Incident, other_brand: object, signed_in: SignIn, bob: User
):
    foreign = mention(other_brand.pk)

    answer = signed_in(bob).get(
        reverse("responses:new", args=[incident.reference]), {"mention": foreign.pk}
    )

    assert answer.status_code == 404


def test_a_publications_state_and_its_doings_are_on_the_page(
    due: Publication, account: ConnectedAccount, signed_in: SignIn, bob: User, olga: User
):
    account.config["fail"] = "lost"
    account.save()
    publish_due()
    draft = due.version.draft

    page = signed_in(bob).get(url("draft", draft)).content.decode()
    assert "Unsure whether it is out" in page
    settle = reverse("responses:settle", args=[due.pk])
    assert settle in page
    assert settle not in signed_in(olga).get(url("draft", draft)).content.decode()

    assert signed_in(olga).post(settle, {"outcome": "sent"}).status_code == 403
    signed_in(bob).post(settle, {"outcome": "sent", "url": "https://x.example/1"})
    assert Publication.objects.get().state == PublicationState.SENT


def test_a_link_from_a_network_that_is_no_web_address_is_not_a_link(
    due: Publication, signed_in: SignIn, bob: User
):
    publish_due()
    Publication.objects.update(url="https://ok.example/1")
    draft = due.version.draft
    assert "https://ok.example/1" in signed_in(bob).get(url("draft", draft)).content.decode()

    Publication.objects.update(url="javascript:alert(1)")

    assert "javascript:" not in signed_in(bob).get(url("draft", draft)).content.decode()


@pytest.mark.parametrize("name", ["settle", "retry", "withdraw"])
def test_a_publication_of_another_brand_is_not_there(
    due: Publication, signed_in: SignIn, charlie: User, name: str
):
    answer = signed_in(charlie).post(reverse(f"responses:{name}", args=[due.pk]))

    assert answer.status_code == 404


def test_the_list_shows_open_drafts_and_all_on_demand(
    draft: Draft, signed_in: SignIn, bob: User, charlie: User
):
    address = reverse("responses:respond")
    assert "Holding statement" in signed_in(bob).get(address).content.decode()
    assert "Holding statement" not in signed_in(charlie).get(address).content.decode()

    services.drop(draft.pk, by=bob, now=timezone.now())

    assert "Holding statement" not in signed_in(bob).get(address).content.decode()
    assert "Holding statement" in signed_in(bob).get(address, {"show": "all"}).content.decode()


def test_the_war_rooms_panel_offers_the_approval_to_whoever_may_give_it(
    submitted: Draft, signed_in: SignIn, alice: User, bob: User, charlie: User
):
    panel = reverse("responses:panel", args=[submitted.incident.reference])
    link = url("approval", submitted)

    assert link in signed_in(alice).get(panel).content.decode()
    assert link not in signed_in(bob).get(panel).content.decode()
    assert signed_in(charlie).get(panel).status_code == 404


def test_the_review_shows_what_went_out_and_who_approved_it(
    due: Publication, signed_in: SignIn, olga: User, charlie: User
):
    panel = reverse("responses:published", args=[due.version.draft.incident.reference])
    assert "Nothing was published." in signed_in(olga).get(panel).content.decode()

    publish_due()

    page = signed_in(olga).get(panel).content.decode()
    assert "Please do not drink batch 7." in page
    assert "approved by Alice Andersen" in page
    assert SimulatedPost.objects.count() == 1
    assert signed_in(charlie).get(panel).status_code == 404


@pytest.mark.parametrize("path", ["respond", "approvals"])
def test_lists_ask_the_database_no_more_for_three_drafts_than_for_one(
    submitted: Draft,
    signed_in: SignIn,
    alice: User,
    bob: User,
    django_assert_num_queries: object,
    path: str,
):
    browser = signed_in(alice)
    address = reverse(f"responses:{path}")
    browser.get(address)
    counted = _queries(browser, address)
    for number in range(2):
        other = services.create_draft(
            submitted.incident_id,
            title=f"Draft {number}",
            text="Sorry.",
            by=bob,
            account_ids=[account.pk for account in submitted.accounts.all()],
            now=timezone.now(),
        )
        services.submit(other.pk, by=bob, now=timezone.now() + timedelta(seconds=1))

    assert _queries(browser, address) == counted
    assert counted <= 20


def _queries(browser: Client, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("path", ["respond", "approvals"])
def test_a_list_that_refreshes_itself_gets_only_itself(
    submitted: Draft, signed_in: SignIn, alice: User, path: str
):
    page = signed_in(alice).get(reverse(f"responses:{path}"), headers={"HX-Request": "true"})

    assert page.content.decode().lstrip().startswith('<section class="panel')
    assert "Holding statement" in page.content.decode()


def test_no_template_carries_a_style_a_handler_or_a_script():
    import re

    for template in TEMPLATES.glob("*.html"):
        markup = template.read_text()
        assert not re.search(r"\sstyle=|\son\w+=|<script(?! type=\"module\" src=)|\|safe\b", markup)
