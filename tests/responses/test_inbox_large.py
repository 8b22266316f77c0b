"""An inbox of twenty thousand conversations: constant queries, indexes, a bounded sweep."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from incidents.models import Incident
from monitoring.models import Mention
from responses import selectors_engage
from responses.models_engage import Conversation
from responses.services.engage import leaving
from responses.services.engage.leaving import _LEFT, _WINDOW, WINDOW

from .engaging import asked

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now
MANY = 20_000


def copies(first: Conversation, count: int) -> None:
    """As many conversations like `first`, of people of their own."""
    values = {
        field.attname: getattr(first, field.attname)
        for field in Conversation._meta.fields
        if field.name != "id"
    }
    changed = {"thread": "t{}", "person": "p{}"} if "thread" in values else {"person": "p{}"}
    rows = (
        Conversation(**values | {name: made.format(n) for name, made in changed.items()})
        for n in range(count)
    )
    Conversation.objects.bulk_create(rows, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE responses_conversation")


def plan(sql: str, given: object) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", given)
        return "\n".join(row[0] for row in cursor.fetchall())


def queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(page).status_code == 200
    return len(found)


def test_twenty_thousand_cost_as_many_queries_as_one_and_are_read_by_an_index(
    incident: Incident, bob: User, signed_in: SignIn
) -> None:
    first = asked(incident, now=NOW(), author="ida", text="Is batch 7 safe?")
    client, page = signed_in(bob), f"/i/{incident.reference}/engage/"
    api = f"/api/v1/incidents/{incident.reference}/conversations/"
    before = queries(client, page), queries(client, api)
    copies(first, MANY)
    assert (queries(client, page), queries(client, api)) == before
    rows = selectors_engage.matching(incident, selectors_engage.Wanted(), user=bob)
    told = rows.order_by("due_at", "id")[:51].explain()
    assert "conversation_inbox" in told
    assert "Seq Scan" not in told


def test_the_sweep_reads_a_bounded_piece_by_an_index_and_goes_round(
    incident: Incident, bob: User
) -> None:
    first = asked(incident, now=NOW(), author="ida", text="Is batch 7 safe?")
    copies(first, MANY)
    after = first.pk + WINDOW
    told = plan(_WINDOW, [after, WINDOW])
    assert "responses_conversation_pkey" in told
    told = plan(_LEFT, {"after": after, "until": after + WINDOW, "limit": 500})
    assert "Seq Scan on responses_conversation" not in told
    place, rounds = 0, 0
    while True:
        place, rounds = leaving.sweep(now=NOW(), after=place), rounds + 1
        if not place:
            break
    assert rounds == MANY // WINDOW + 1
    assert not Conversation.objects.exclude(gone_at=None).exists()


def test_what_was_taken_away_leaves_in_the_round_that_reaches_it(
    incident: Incident, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "WINDOW", 2)
    rows = [asked(incident, now=NOW(), author=name, text="Safe?") for name in ("a", "b", "c")]
    Mention.objects.filter(pk=rows[2].mention_id).update(gone_at=NOW())
    place = leaving.sweep(now=NOW())
    assert place == rows[1].pk
    assert not Conversation.objects.exclude(gone_at=None).exists()
    assert leaving.sweep(now=NOW(), after=place) == 0
    assert list(Conversation.objects.exclude(gone_at=None)) == [rows[2]]
    # The others stay, round after round.
    assert leaving.sweep(now=NOW()) == rows[1].pk
    assert Conversation.objects.filter(gone_at=None).count() == 2


def test_the_list_follows_by_itself_and_rows_are_known_by_their_ids(
    incident: Incident, bob: User, signed_in: SignIn
) -> None:
    page, client = f"/i/{incident.reference}/engage/", signed_in(bob)
    empty = client.get(page).content.decode()
    assert 'id="engage-found"' in empty
    assert "cd:engage from:body" in empty[empty.index('id="engage-found"') :]
    row = asked(incident, now=NOW(), author="ida", text="Is batch 7 safe?")
    shown = client.get(page, headers={"HX-Request": "true"}).content.decode()
    region = shown[shown.index('id="engage-found"') :]
    # A tick stays with its row when the list is morphed: both have ids of their own.
    assert f'id="conversation-{row.pk}"' in region
    assert f'id="pick-{row.pk}"' in region
