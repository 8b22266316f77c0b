"""Publishing through a brand's own system: a real server on loopback, well and ill."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from connectors import credentials
from connectors.models import ConnectedAccount, SimulatedPost
from connectors.outbox import Outbox
from connectors.services import connect
from core import signatures
from responses import services
from responses.enums import PublicationState
from responses.models import Draft, Publication
from responses.publishing import Publications, publish_due
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory

from .conftest import sha
from .servers import Behaviour, webhook_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[Behaviour]:
    with webhook_server(Behaviour()) as behaviour:
        yield behaviour


@pytest.fixture
def connected(server: Behaviour, brand: Brand, settings: object) -> tuple[ConnectedAccount, str]:
    """An account of the brand that calls the server, and its secret."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    admin = UserFactory.create()
    MembershipFactory.create(user=admin, brand=brand, role=Role.ADMINISTRATOR)
    values = {"url": f"{server.url}/publish"}
    return connect(brand, "outbound_webhook", name="Own system", values=values, by=admin)


@pytest.fixture
def queued(
    draft: Draft, connected: tuple[ConnectedAccount, str], alice: User, bob: User
) -> Publication:
    """Approved for the server's account, with the undo window over."""
    account, _ = connected
    services.set_accounts(draft.pk, account_ids=[account.pk], by=bob, now=timezone.now())
    services.submit(draft.pk, by=bob, now=timezone.now())
    before = timezone.now() - timedelta(seconds=11)
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=before)
    return Publication.objects.get()


def test_the_server_gets_the_approved_bytes_signed(
    server: Behaviour, queued: Publication, connected: tuple[ConnectedAccount, str]
):
    publish_due()

    [(headers, body)] = server.calls
    signatures.verify(
        [connected[1]],
        call_id=headers["webhook-id"],
        timestamp=headers["webhook-timestamp"],
        signature=headers["webhook-signature"],
        body=body,
        now=timezone.now(),
    )
    assert json.loads(body)["text"] == queued.version.text
    queued.refresh_from_db()
    assert (queued.state, queued.external_id, queued.url) == (
        PublicationState.SENT,
        "post-1",
        "https://oats.example/post-1",
    )


def test_too_many_requests_are_waited_for_as_asked(server: Behaviour, queued: Publication):
    server.status, server.headers = 429, {"Retry-After": "90"}

    publish_due()

    queued.refresh_from_db()
    assert queued.state == PublicationState.QUEUED
    wait = (queued.publish_at - timezone.now()).total_seconds()
    assert 80 < wait <= 90


def test_a_refusal_is_permanent(server: Behaviour, queued: Publication):
    server.status = 422

    publish_due()

    assert Publication.objects.get().state == PublicationState.FAILED


@pytest.mark.parametrize("status", [0, 500, 503])
def test_an_answer_lost_after_the_text_arrived_is_unsure_and_not_repeated(
    server: Behaviour, queued: Publication, status: int
):
    server.status = status

    publish_due()
    publish_due(now=timezone.now() + timedelta(hours=1))

    assert Publication.objects.get().state == PublicationState.UNCERTAIN
    assert len([body for _, body in server.calls if body]) == 1


def test_where_it_can_be_looked_up_a_lost_answer_settles_itself(
    server: Behaviour, queued: Publication
):
    account = queued.account
    account.config["lookup_url"] = f"{server.url}/posts/{{key}}"
    account.save(update_fields=["config"])
    server.status = 0

    publish_due()

    queued.refresh_from_db()
    assert (queued.state, queued.external_id) == (PublicationState.SENT, "post-1")


def test_a_server_that_is_not_there_has_surely_not_got_it(queued: Publication):
    account = queued.account
    account.config["url"] = "http://127.0.0.1:1/publish"
    account.save(update_fields=["config"])

    publish_due()

    assert Publication.objects.get().state == PublicationState.QUEUED


def test_without_its_secret_the_account_fails_with_words(queued: Publication):
    credentials.store(queued.account, {})

    publish_due()

    assert Publication.objects.get().state == PublicationState.FAILED


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    outbox = Outbox(Publications(), workers=4)
    yield outbox
    outbox.close()


def until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_a_hanging_network_holds_up_only_itself(
    server: Behaviour, queued: Publication, outbox: Outbox, alice: User, bob: User
):
    server.delay = 3
    account = AccountFactory.create(brand=queued.account.brand, config={"world": "quick"})
    draft = services.create_draft(
        queued.version.draft.incident_id,
        title="T",
        text="Quick.",
        by=bob,
        account_ids=[account.pk],
        now=timezone.now(),
    )
    services.submit(draft.pk, by=bob, now=timezone.now())

    started = time.monotonic()
    assert outbox.cycle() == 1
    before = timezone.now() - timedelta(seconds=11)
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=before)
    assert outbox.cycle() == 1
    until(SimulatedPost.objects.exists)
    assert time.monotonic() - started < 2

    assert Publication.objects.get(pk=queued.pk).state == PublicationState.SENDING
    until(lambda: not Publication.objects.filter(state=PublicationState.SENDING).exists())
    assert set(Publication.objects.values_list("state", flat=True)) == {PublicationState.SENT}


@pytest.mark.django_db(transaction=True)
def test_a_call_that_does_not_come_back_is_shown_and_a_late_proof_still_counts(
    server: Behaviour, queued: Publication, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("connectors.outbox.CALL_LIMIT", 0.3)
    server.delay = 2
    outbox.cycle()
    until(lambda: bool(server.calls))
    time.sleep(0.4)

    outbox.cycle()

    queued.refresh_from_db()
    assert (queued.state, queued.error) == (PublicationState.UNCERTAIN, "no_answer")
    until(lambda: Publication.objects.get().state == PublicationState.SENT)
    assert len(server.calls) == 1


@pytest.mark.django_db(transaction=True)
def test_many_engines_make_one_call(server: Behaviour, queued: Publication):
    threads = [threading.Thread(target=_publish_in_thread) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(server.calls) == 1
    assert Publication.objects.get().attempts == 1


def _publish_in_thread() -> None:
    from django.db import connection

    try:
        publish_due()
    finally:
        connection.close()


def test_a_webhook_account_of_another_brand_is_out_of_reach(
    draft: Draft, server: Behaviour, settings: object, bob: User
):
    other = BrandFactory.create()
    foreign = AccountFactory.create(brand=other, network="outbound_webhook")
    assert IncidentFactory.create(brand=other).brand_id == foreign.brand_id

    with pytest.raises(Exception, match="cannot be used for this brand"):
        services.set_accounts(draft.pk, account_ids=[foreign.pk], by=bob, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_the_engine_has_the_loop(server: Behaviour, queued: Publication):
    from core.engine import LOOPS

    assert LOOPS["publish"].every == 1
    assert LOOPS["publish"].run() == 1
    until(lambda: Publication.objects.get().state == PublicationState.SENT)
