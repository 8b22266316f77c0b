"""Publishing over a network that fails: nothing twice, nothing lost from sight."""

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.db.models import Count
from django.test import override_settings
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors import credentials
from connectors.base import Message, PublishError
from connectors.models import ConnectedAccount
from connectors.registry import publisher
from core import signatures
from incidents.enums import Origin, Severity
from incidents.services import open_incident
from responses import services
from responses.enums import PublicationState
from responses.models import Draft, Publication
from responses.publishing import publish_due
from responses.services.publications import RETRY_DELAYS

from .figures import Measured, figure

PUBLICATIONS = 500
# Of all calls: 18 % create the post and lose the answer, 12 % are told to wait, 8 % fail before.
LOST, BUSY, BROKEN = 0.18, 0.12, 0.08
NAIVE_TRIES = 5


class Network:
    """Creates posts without recognising a key it has seen, and fails at random."""

    def __init__(self) -> None:
        self.created: Counter[str] = Counter()
        self.random = random.Random(7)
        self.lock = threading.Lock()

    def judge(self, key: str) -> int:
        """Create the post or not; return the status to answer with, 0 for no answer."""
        with self.lock:
            chance = self.random.random()
            if chance < LOST:
                self.created[key] += 1
                return 0
            if chance < LOST + BUSY:
                return 429
            if chance < LOST + BUSY + BROKEN:
                return 503
            self.created[key] += 1
            return 201


@contextmanager
def _served(network: Network) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = network.judge(body["idempotency_key"])
            self.close_connection = True
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        with override_settings(OUTBOUND_ALLOW=["127.0.0.1"]):
            yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _approved(url: str) -> Draft:
    """One draft, approved for as many accounts as there are publications to make."""
    now = timezone.now()
    brand = Brand.objects.create(name="Bench", slug="bench")
    people = [User.objects.create_user(f"{n}@bench.example", name=str(n)) for n in range(2)]
    for person in people:
        Membership.objects.create(user=person, brand=brand, role=Role.LEAD)
    incident = open_incident(
        brand,
        title="Bench",
        crisis_type="none",
        severity=Severity.SEV4,
        severity_reasons=[],
        origin=Origin.PERSON,
        began_at=now,
        now=now,
    )
    accounts = ConnectedAccount.objects.bulk_create(
        ConnectedAccount(brand=brand, network="outbound_webhook", name=f"a{n}", config={"url": url})
        for n in range(PUBLICATIONS)
    )
    secret = signatures.new_secret()
    for account in accounts:
        credentials.store(account, {"secret": secret})
    ids = [account.pk for account in accounts]
    draft = services.create_draft(
        incident.pk, title="Bench", text="Sorry.", by=people[0], account_ids=ids, now=now
    )
    services.submit(draft.pk, by=people[0], now=now)
    digest = draft.versions.get().sha256
    return services.approve(draft.pk, by=people[1], sha256=digest, now=now)


def _publish_all() -> None:
    """Let the worker run until nothing is left for the machine, ahead of the clock."""
    ahead = timezone.now() + timedelta(hours=2)
    for _ in range(len(RETRY_DELAYS) + 2):
        publish_due(now=ahead, limit=PUBLICATIONS)


def _naive(url: str) -> Network:
    """The control: try again after whatever went wrong, as a simple task queue would."""
    network = Network()
    with _served(network) as own_url:
        account = ConnectedAccount.objects.filter(config__url=url).first()
        assert account is not None
        account.config["url"] = own_url
        sender = publisher(account)
        for number in range(PUBLICATIONS):
            for _ in range(NAIVE_TRIES):
                try:
                    sender.publish(Message("Sorry.", f"key-{number}"))
                    break
                except PublishError:
                    continue
    return network


def _twice(network: Network) -> int:
    return sum(times > 1 for times in network.created.values())


@figure(
    "published twice of 500, 38 % of calls failing (limit: naive retries)",
    unit="posts",
    # A single one would be more than this.
    must="<= 0.001",
    issue=5,
)
def published_twice() -> Measured:
    """Ours against a naive retry. Raises if a post was lost from sight, or called out untruly."""
    network = Network()
    with _served(network) as url:
        _approved(url)
        _publish_all()
        _check_nothing_is_lost(network)
        naive = _naive(url)
    return Measured(_twice(network), _twice(naive))


def _check_nothing_is_lost(network: Network) -> None:
    rows = Publication.objects.values_list("state", "idempotency_key")
    for state, key in rows:
        out = network.created[key]
        if state == PublicationState.SENT and not out:
            raise AssertionError(f"{key} is called published and is not out.")
        if state == PublicationState.FAILED and out:
            raise AssertionError(f"{key} is called failed and is out.")
    counts = dict(Publication.objects.values_list("state").annotate(Count("pk")))
    settled = {PublicationState.SENT, PublicationState.FAILED, PublicationState.UNCERTAIN}
    if set(counts) - settled:
        raise AssertionError(f"Left neither out nor shown to a person: {counts}")
