"""The check beside the composer, facts that stop a draft, and the brand's list of words."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Forbidden, Refused
from incidents.entries import words
from incidents.enums_record import FactStatus
from incidents.models import Incident, TimelineEntry
from incidents.services.facts import Change, Claim, add_fact, change_fact
from responses import services
from responses.enums import DraftState
from responses.models import Draft
from responses.models_guidelines import AvoidedWord
from responses.services.guidelines import Avoiding, allow, avoid
from tests.factories.accounts import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now()


@pytest.fixture
def karen(brand: Brand) -> User:
    """An administrator of the brand."""
    user = UserFactory.create(email="karen@example.org", name="Karen Krogh")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


@pytest.fixture
def citing(draft: Draft, bob: User) -> Draft:
    """Bob's draft, citing F1 (unconfirmed) and F9, which does not exist."""
    add_fact(draft.incident_id, Claim("The lid breaks"), by=bob, now=NOW)
    text = "The lid breaks [F1], and twelve were sold [F9]."
    return services.edit_draft(draft.pk, text=text, base_version=1, by=bob, now=NOW)


def check_url(draft: Draft) -> str:
    return reverse("responses:check", args=[draft.incident.reference, draft.number])


def test_a_draft_on_unsure_facts_is_not_submitted(citing: Draft, bob: User):
    with pytest.raises(Refused, match="F1, F9"):
        services.submit(citing.pk, by=bob, now=NOW)
    with pytest.raises(Refused):
        services.submit(citing.pk, by=bob, now=NOW, reason=" \n ")

    citing.refresh_from_db()
    assert citing.state == DraftState.WRITING


def test_with_a_reason_it_is_and_the_timeline_keeps_the_reason(citing: Draft, bob: User):
    services.submit(citing.pk, by=bob, now=NOW, reason="The police said so")

    citing.refresh_from_db()
    assert citing.state == DraftState.SUBMITTED
    entry = TimelineEntry.objects.get(params__code="leaning")
    assert words(entry.kind, entry.params, actor="Bob Berg") == (
        "Bob Berg submitted “Holding statement” although it stands on facts that are not verified"
        " (F1, F9): The police said so"
    )
    assert AuditEntry.objects.filter(action="draft.leaning").exists()


@pytest.mark.parametrize("status", [FactStatus.DISPUTED, FactStatus.WITHDRAWN])
def test_a_fact_that_stopped_standing_stops_the_draft(
    draft: Draft, bob: User, alice: User, status: str
):
    verified = Claim("The lid breaks", status=FactStatus.VERIFIED, source="Lab")
    add_fact(draft.incident_id, verified, by=bob, now=NOW)
    services.edit_draft(draft.pk, text="It breaks [F1].", base_version=1, by=bob, now=NOW)
    services.submit(draft.pk, by=bob, now=NOW)
    services.edit_draft(draft.pk, text="The lid breaks [F1].", base_version=2, by=bob, now=NOW)
    change_fact(draft.incident_id, 1, Change({"status": status}, 1, "Wrong"), by=alice, now=NOW)

    with pytest.raises(Refused, match="F1"):
        services.submit(draft.pk, by=bob, now=NOW)


def test_advice_never_stops_a_draft(draft: Draft, bob: User):
    bad = "Mistakes were made, probably by you. We take this very seriously!! [NAME]"
    services.edit_draft(draft.pk, text=bad, base_version=1, by=bob, now=NOW)

    assert services.submit(draft.pk, by=bob, now=NOW).state == DraftState.SUBMITTED


def test_the_panel_marks_what_is_typed_and_saves_nothing(
    draft: Draft, signed_in: SignIn, bob: User
):
    typed = "<script>x</script> Mistakes were made."
    page = signed_in(bob).post(check_url(draft), {"text": typed}).content.decode()

    assert "Mistakes were made<sup>1</sup>" in page
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert "<script>x" not in page
    assert 'data-place="19 37"' in page
    draft.refresh_from_db()
    assert draft.version == 1


def test_the_panel_asks_for_the_reason_and_keeps_what_was_typed_there(
    citing: Draft, signed_in: SignIn, bob: User
):
    asked = {"text": "It breaks [F1].", "reason": "The police"}
    page = signed_in(bob).post(check_url(citing), asked).content.decode()

    assert 'name="reason" form="draft-form"' in page
    assert 'value="The police"' in page
    assert "The lid breaks" in page


def test_the_composer_submits_with_the_reason(citing: Draft, signed_in: SignIn, bob: User):
    here = reverse("responses:draft", args=[citing.incident.reference, citing.number])
    form = {
        "title": citing.title,
        "text": "It breaks [F1].",
        "accounts": list(citing.accounts.values_list("pk", flat=True)),
        "base": citing.version,
        "submit": "1",
    }
    browser = signed_in(bob)
    assert "slot-check" in browser.get(here).content.decode()

    refused = browser.post(here, form, follow=True)
    assert "facts that are not verified: F1." in refused.content.decode()
    citing.refresh_from_db()
    assert citing.state == DraftState.WRITING

    browser.post(here, form | {"base": citing.version, "reason": "The police"})
    citing.refresh_from_db()
    assert citing.state == DraftState.SUBMITTED


def test_a_stranger_checks_nothing(draft: Draft, signed_in: SignIn, olga: User, charlie: User):
    assert signed_in(olga).get(check_url(draft)).status_code == 200
    assert signed_in(charlie).get(check_url(draft)).status_code == 404
    assert signed_in(charlie).post(check_url(draft), {"text": "x"}).status_code == 404


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_the_api_checks_a_text(citing: Draft, bob: User, charlie: User):
    url = f"/api/v1/incidents/{citing.incident.reference}/checks/"
    told = api(bob).post(url, {"text": "Mistakes were made [F1]."}).json()

    assert (told["language"], told["is_full"], told["unverified"]) == ("en", True, [1])
    (finding,) = told["findings"]
    assert (finding["check"], finding["start"], finding["end"]) == ("passive", 0, 18)
    assert {each["element"] for each in told["elements"]} >= {"known", "unknown", "next"}
    assert api(charlie).post(url, {"text": "x"}).status_code == 404


def test_the_api_submits_with_a_reason(citing: Draft, bob: User):
    url = f"/api/v1/drafts/{citing.pk}/submit/"
    assert api(bob).post(url).status_code == 422
    assert api(bob).post(url, {"reason": "The police"}).json()["state"] == "SUBMITTED"


def test_a_word_on_the_list_is_marked_with_the_brands_own_reason(
    draft: Draft, brand: Brand, karen: User, signed_in: SignIn, bob: User
):
    avoid(brand, Avoiding("consumer*", "en", "people", "We know them"), by=karen)

    page = signed_in(bob).post(check_url(draft), {"text": "All consumers are told."})
    assert "We know them" in page.content.decode()
    assert '<i lang="en">people</i>' in page.content.decode()


def test_only_administrators_keep_the_list(brand: Brand, karen: User, bob: User):
    with pytest.raises(Forbidden):
        avoid(brand, Avoiding("cheap"), by=bob)
    word = avoid(brand, Avoiding(" cheap  stuff "), by=karen)
    assert word.word == "cheap stuff"
    with pytest.raises(Conflict):
        avoid(brand, Avoiding("cheap stuff"), by=karen)
    with pytest.raises(Refused):
        avoid(brand, Avoiding("a*"), by=karen)
    with pytest.raises(Forbidden):
        allow(word.pk, by=bob)
    allow(word.pk, by=karen)
    allow(word.pk, by=karen)
    assert not AvoidedWord.objects.exists()


def test_the_page_of_the_list(brand: Brand, signed_in: SignIn, karen: User, charlie: User):
    here = reverse("responses:guidelines_of", args=[brand.slug])
    browser = signed_in(karen)
    browser.post(here, {"word": "cheap", "language": "en", "instead": "good value"})
    assert "Say instead: good value" in browser.get(here).content.decode()
    assert browser.post(here, {"word": "cheap", "language": "en"}).status_code == 422

    word = AvoidedWord.objects.get()
    gone = reverse("responses:guideline_remove", args=[brand.slug, word.pk])
    assert signed_in(charlie).get(here).status_code == 404
    assert signed_in(charlie).post(gone).status_code == 404
    browser.post(gone)
    assert not AvoidedWord.objects.exists()


def test_the_list_over_the_api(brand: Brand, karen: User, charlie: User):
    wanted = {"brand": brand.slug, "word": "cheap", "language": "en"}
    added = api(karen).post("/api/v1/avoided-words/", wanted).json()
    assert [each["word"] for each in api(karen).get("/api/v1/avoided-words/").json()] == ["cheap"]
    assert api(charlie).get("/api/v1/avoided-words/").json() == []
    assert api(charlie).delete(f"/api/v1/avoided-words/{added['id']}/").status_code == 404
    assert api(charlie).post("/api/v1/avoided-words/", wanted).status_code == 422
    assert api(karen).delete(f"/api/v1/avoided-words/{added['id']}/").status_code == 204


def test_the_incident_of_another_brand_is_not_found(incident: Incident, charlie: User):
    assert Incident.objects.filter(pk=incident.pk).exists()
    assert api(charlie).post(f"/api/v1/incidents/{incident.reference}/checks/").status_code == 404
