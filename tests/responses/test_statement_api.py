"""Statements over the API: the same services, rights and approvals as on the pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from incidents.models import Incident
from responses import services
from responses.models import Draft
from responses.models_statement import StatementDraft, StatementEntry, StatementSite
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.statements import prepared, published, site_for

pytestmark = pytest.mark.django_db
URL = "/api/v1/incidents/CD-2026-014/statement/"


@pytest.fixture(name="site")
def site_fixture(incident: Incident, alice: User, bob: User) -> StatementSite:
    return site_for(incident.brand)


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_a_statement_is_prepared_written_for_and_read(
    site: StatementSite, bob: User, alice: User, charlie: User, olga: User
):
    assert api(bob).get(URL).status_code == 404
    made = api(bob).put(URL, {"slug": "plastik"}, format="json").json()
    assert (made["slug"], made["published_at"], made["entries"]) == ("plastik", None, [])
    assert api(bob).put(URL, {"slug": "Not this!"}, format="json").status_code == 422

    soon = timezone.now() + timedelta(hours=2)
    sent = {"title": "First word", "text": "Vi beklager.", "next_update_at": soon.isoformat()}
    written = api(bob).post(f"{URL}drafts/", sent, format="json")
    assert written.status_code == 201
    draft = written.json()
    assert (draft["state"], draft["text"]) == ("WRITING", "Vi beklager.")
    (waiting,) = api(bob).get(URL).json()["waiting"]
    assert (waiting["draft"], waiting["form"], waiting["language"]) == (draft["id"], "UPDATE", "da")
    # Nothing is public before others have approved it.
    assert StatementEntry.objects.count() == 0
    assert api(olga).get(URL).status_code == 200
    assert api(olga).post(f"{URL}drafts/", sent, format="json").status_code == 403
    assert api(olga).put(URL, {"slug": "x"}, format="json").status_code == 403
    for method in ("get", "put"):
        assert getattr(api(charlie), method)(URL, {"slug": "x"}).status_code == 404


def test_a_correction_needs_its_entry_and_a_reason_and_stands_with_it(
    site: StatementSite, incident: Incident, bob: User, alice: User
):
    statement = prepared(incident, bob)
    published(statement, "Parti 7.", by=bob, approver=alice)
    sent = {"title": "T", "text": "Parti 8.", "form": "CORRECTION", "about": 1}
    assert api(bob).post(f"{URL}drafts/", sent, format="json").status_code == 422
    sent["reason"] = "Forkert tal"
    assert api(bob).post(f"{URL}drafts/", sent | {"about": 9}, format="json").status_code == 422
    draft = api(bob).post(f"{URL}drafts/", sent, format="json").json()
    terms = api(bob).get(f"/api/v1/drafts/{draft['id']}/statement/").json()
    assert (terms["form"], terms["about"], terms["reason"]) == ("CORRECTION", 1, "Forkert tal")

    published(
        statement, "Parti 9.", by=bob, approver=alice, form="CORRECTION", about=1, reason="Igen"
    )
    first, second = api(alice).get(URL).json()["entries"]
    assert (first["text"], second["about"], second["reason"]) == ("Parti 7.", 1, "Igen")
    assert len(second["sha256"]) == 64
    assert second["address"].endswith("/plastik-i-kaffen/2/")


def test_how_it_appears_can_change_until_it_is_judged(
    site: StatementSite, incident: Incident, bob: User, charlie: User
):
    prepared(incident, bob)
    draft = api(bob).post(f"{URL}drafts/", {"title": "T", "text": "Word."}, format="json").json()
    terms = f"/api/v1/drafts/{draft['id']}/statement/"
    assert api(bob).put(terms, {"language": "en"}, format="json").json()["language"] == "en"
    assert api(charlie).put(terms, {"language": "da"}, format="json").status_code == 404
    assert api(bob).post(f"/api/v1/drafts/{draft['id']}/submit/").status_code == 200
    assert api(bob).put(terms, {"language": "da"}, format="json").status_code == 409


def test_administrators_open_change_and_sign_anew(incident: Incident, alice: User, charlie: User):
    brand = incident.brand
    boss = UserFactory.create()
    MembershipFactory.create(user=boss, brand=brand, role=Role.ADMINISTRATOR)
    url = f"/api/v1/statement-sites/{brand.slug}/"
    wanted = {"languages": ["da", "en"], "contact": "kontakt@example.org"}
    assert api(alice).put(url, wanted, format="json").status_code == 404
    assert api(charlie).put(url, wanted, format="json").status_code == 404
    opened = api(boss).put(url, wanted, format="json").json()
    assert (opened["languages"], len(opened["keys"])) == (["da", "en"], 1)
    changed = api(boss).put(url, wanted | {"colour": "#1D4ED8"}, format="json").json()
    assert (changed["colour"], changed["keys"]) == ("#1d4ed8", opened["keys"])
    rotated = api(boss).post(f"{url}key/").json()
    assert (len(rotated["keys"]), rotated["keys"][1]) == (2, opened["keys"][0])
    assert [each["brand"] for each in api(alice).get("/api/v1/statement-sites/").json()] == [
        brand.slug
    ]
    assert api(charlie).get("/api/v1/statement-sites/").json() == []


def test_the_composer_leads_to_how_it_will_look(
    site: StatementSite,
    incident: Incident,
    draft: Draft,
    bob: User,
    charlie: User,
    signed_in: Callable[[User], Client],
):
    prepared(incident, bob)
    made = api(bob).post(f"{URL}drafts/", {"title": "T", "text": "Word."}, format="json").json()
    here = reverse("responses:appearance", args=[incident.reference, made["number"]])
    page = signed_in(bob).get(here).content.decode()
    assert f"/statement/?draft={made['number']}#preview-title" in page
    # A draft for other channels has nothing to show there.
    other = reverse("responses:appearance", args=[incident.reference, draft.number])
    assert "preview-title" not in signed_in(bob).get(other).content.decode()
    assert signed_in(charlie).get(here).status_code == 404


def test_how_it_appears_is_set_in_the_composer_until_somebody_judges_it(
    site: StatementSite,
    incident: Incident,
    bob: User,
    olga: User,
    charlie: User,
    signed_in: Callable[[User], Client],
):
    prepared(incident, bob)
    made = api(bob).post(f"{URL}drafts/", {"title": "T", "text": "Word."}, format="json").json()
    here = reverse("responses:appearance", args=[incident.reference, made["number"]])
    draft, client = Draft.objects.get(number=made["number"]), signed_in(bob)
    assert 'name="next_update_at"' in client.get(here).content.decode()
    then = timezone.now() + timedelta(days=2)
    wanted = {"form": "UPDATE", "language": "en", "next_update_at": f"{then:%Y-%m-%dT%H:%M}"}
    assert client.post(here, wanted).status_code == 302
    terms = StatementDraft.objects.get(draft=draft)
    assert terms.language == "en"
    assert terms.next_update_at
    # What makes no sense changes nothing and says why.
    correction = client.post(here, {"form": "CORRECTION", "language": "en"}, follow=True)
    assert "Choose the entry that it speaks of." in correction.content.decode()
    terms.refresh_from_db()
    assert terms.form == "UPDATE"
    assert 'name="next_update_at"' not in signed_in(olga).get(here).content.decode()
    assert signed_in(olga).post(here, wanted).status_code == 403
    assert signed_in(charlie).post(here, wanted).status_code == 404
    services.submit(draft.pk, by=bob, now=timezone.now())
    assert 'name="next_update_at"' not in client.get(here).content.decode()
    client.post(here, wanted | {"language": "da"})
    terms.refresh_from_db()
    assert terms.language == "en"


def test_a_draft_through_the_pages_account_is_given_its_appearance_in_the_composer(
    site: StatementSite, incident: Incident, draft: Draft, bob: User,
    signed_in: Callable[[User], Client],
):  # fmt: skip
    prepared(incident, bob)
    here = reverse("responses:appearance", args=[incident.reference, draft.number])
    assert "appears-form" not in signed_in(bob).get(here).content.decode()
    draft.accounts.add(site.account)
    assert "appears-form" in signed_in(bob).get(here).content.decode()
    signed_in(bob).post(here, {"form": "UPDATE", "language": "en"})
    assert StatementDraft.objects.get(draft=draft).language == "en"
