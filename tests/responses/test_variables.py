"""Variables are filled from the incident before anybody approves; unfilled ones stop a draft."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from core.errors import Refused
from incidents.models import Incident
from responses import services, variables
from responses.models import Draft
from tests.factories.statements import site_for

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RAW = "{brand} is sorry. More at {next_update}. [F1]"


def written(incident: Incident, account: ConnectedAccount, bob: User, text: str = RAW) -> Draft:
    return services.create_draft(
        incident.pk, title="T", text=text, by=bob, account_ids=[account.pk], now=NOW
    )


def due(incident: Incident, at: datetime | None) -> None:
    Brand.objects.filter(pk=incident.brand_id).update(time_zone="Europe/Copenhagen")
    Incident.objects.filter(pk=incident.pk).update(update_by=at)
    incident.refresh_from_db()


def test_values_are_in_the_text_and_the_names_in_what_was_written(
    incident: Incident, account: ConnectedAccount, bob: User
):
    due(incident, datetime(2026, 11, 23, 13, 0, tzinfo=UTC))

    version = written(incident, account, bob).versions.get()

    assert version.text == "Fjordkaffe is sorry. More at 14:00."
    assert version.written == RAW


def test_another_day_is_said_and_unknown_names_stay(incident: Incident):
    due(incident, datetime(2026, 11, 24, 7, 30, tzinfo=UTC))

    text = "{next_update} {incident.reference} {today} {nonsense} {contact} { brand } {}"

    assert variables.fill(text, incident, now=NOW) == (
        "08:30 (24.11.2026) CD-2026-014 23.11.2026 {nonsense} {contact} { brand } {}"
    )


def test_the_contact_is_the_statement_pages(incident: Incident):
    site_for(incident.brand, contact="70 10 20 30 {brand}")

    # What a value holds is not read for variables again.
    assert variables.fill("{contact}", incident, now=NOW) == "70 10 20 30 {brand}"


@pytest.mark.parametrize("name", ["next_update", "nonsense"])
def test_what_is_not_filled_in_is_not_submitted(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User, name: str
):
    due(incident, None)
    draft = written(incident, account, bob, text=f"More at {{{name}}}.")

    with pytest.raises(Refused, match=name):
        services.submit(draft.pk, by=bob, now=NOW)

    draft.refresh_from_db()
    assert (draft.state, draft.version) == ("WRITING", 1)
    services.edit_draft(draft.pk, text="More at 14.", base_version=1, by=bob, now=NOW)
    assert services.submit(draft.pk, by=bob, now=NOW).state == "SUBMITTED"


def test_values_that_changed_are_filled_anew_before_anybody_is_asked(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User
):
    due(incident, datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
    draft = written(incident, account, bob, text="More at {next_update}.")
    due(incident, datetime(2026, 11, 23, 15, 0, tzinfo=UTC))

    services.submit(draft.pk, by=bob, now=NOW)

    assert [each.text for each in draft.versions.order_by("number")] == [
        "More at 14:00.",
        "More at 16:00.",
    ]


def test_what_is_approved_stays_whatever_the_values_become(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User
):
    due(incident, datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
    draft = services.submit(
        written(incident, account, bob, text="More at {next_update}.").pk, by=bob, now=NOW
    )
    version = draft.versions.get()
    due(incident, datetime(2026, 11, 23, 15, 0, tzinfo=UTC))

    services.approve(draft.pk, by=alice, sha256=version.sha256, now=timezone.now())

    assert draft.versions.get().text == "More at 14:00."


def test_the_page_shows_both_and_says_what_is_missing(
    incident: Incident, account: ConnectedAccount, signed_in: SignIn, bob: User
):
    due(incident, None)
    draft = written(incident, account, bob)
    here = reverse("responses:preview", args=[incident.reference, draft.number])
    typed = {"text": "{brand}: {next_update} {nonsense}", "accounts": [account.pk]}

    page = signed_in(bob).post(here, typed).content.decode()
    whole = signed_in(bob).get(here.replace("preview/", "")).content.decode()

    assert "Fjordkaffe: {next_update} {nonsense}" in page
    assert "When the next update is due: not known yet." in page
    assert "There is no such variable." in page
    assert 'data-insert="{spokesperson}"' in whole
    assert "{brand} is sorry." in whole
