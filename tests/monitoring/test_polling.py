"""How sources are asked, by a network that does as the test tells it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext_noop as _

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors import services as accounts
from connectors.base import (
    Batch,
    Can,
    CursorLost,
    Post,
    Quota,
    ReadError,
    Setting,
    Unauthorized,
)
from connectors.models import Budget, ConnectedAccount
from connectors.network import Network
from connectors.registry import NETWORKS
from core.words import Words
from monitoring.enums import Condition
from monitoring.models import Mention, Source
from monitoring.selectors import sources as selectors
from monitoring.services import polling, sources
from notifications.models import Notice
from tests.factories.connectors import AccountFactory

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SignIn = Callable[[User], Client]


@dataclass
class Answers:
    """What the network answers next; a batch of nothing when that is used up."""

    waiting: list[Batch | Exception] = field(default_factory=list)
    cursors: list[dict[str, Any]] = field(default_factory=list)

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        self.cursors.append(cursor)
        answer = self.waiting.pop(0) if self.waiting else Batch([], cursor)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    given = Answers()
    network = Network(
        label="Parrot",
        icon="robot",
        can=Can.SEARCH,
        account=(Setting("key", "Key", secret=True),),
        source=(Setting("words", "Words", kind="lines"),),
        reader=lambda _connection, _wanted: given,
    )
    monkeypatch.setitem(NETWORKS, "parrot", network)
    return given


@pytest.fixture
def account(brand: Brand) -> ConnectedAccount:
    return AccountFactory.create(
        brand=brand, network="parrot", config={}, connected_at=NOW - timedelta(days=1)
    )


@pytest.fixture
def source(brand: Brand, account: ConnectedAccount, answers: Answers) -> Source:
    made = sources.create_source(
        brand, kind="parrot", name="Birds", config={"words": ["x"], "match": False},
        account=account, by=None, now=NOW,
    )  # fmt: skip
    return made.source


def refused() -> Unauthorized:
    return Unauthorized(_("The server answered with status %(status)d."), status=401)


def health(source: Source, now: datetime = NOW) -> selectors.Health:
    return selectors.health(Source.objects.select_related("account").get(pk=source.pk), now=now)


def test_refused_credentials_stop_it_until_somebody_acts(
    source: Source, answers: Answers, account: ConnectedAccount, alice: User, bob: User
) -> None:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    alice = User.objects.get(pk=alice.pk)
    answers.waiting = [refused()]
    polling.poll(source.pk, now=NOW)
    assert health(source).condition == Condition.STOPPED
    polling.poll(source.pk, now=NOW)
    assert polling.claim_due(now=NOW + timedelta(days=30)) == []
    assert len(answers.cursors) == 1
    accounts.change(
        account.pk, name="A", values={"key": "new"}, by=alice, now=NOW + timedelta(hours=1)
    )
    assert polling.claim_due(now=NOW + timedelta(hours=2)) == [(source.pk, 300)]
    assert health(source).condition != Condition.STOPPED


def test_the_leads_are_told_once_however_many_sources_read_by_the_account(
    source: Source, answers: Answers, account: ConnectedAccount, alice: User, bob: User
) -> None:
    other = sources.create_source(
        source.brand, kind="parrot", name="More", config=source.config, account=account, by=None,
        now=NOW,
    ).source  # fmt: skip
    answers.waiting = [refused(), refused()]
    polling.poll(source.pk, now=NOW)
    polling.poll(other.pk, now=NOW)
    assert [notice.user_id for notice in Notice.objects.all()] == [alice.pk]


def test_an_error_is_told_in_the_readers_language(source: Source, answers: Answers) -> None:
    answers.waiting = [ReadError(_("The server answered with status %(status)d."), status=500)]
    polling.poll(source.pk, now=NOW)
    assert health(source).error == "The server answered with status 500."
    with translation.override("da"):
        danish = health(source).error
    assert "500" in danish
    assert danish != health(source).error
    assert Words.of(Source.objects.get().error).params == {"status": 500}


def test_reading_waits_when_only_publishings_share_is_left(
    source: Source, answers: Answers
) -> None:
    reset = NOW + timedelta(minutes=10)
    answers.waiting = [Batch([], {"at": 1}, quota=Quota(20, 100, reset))]
    polling.poll(source.pk, now=NOW)
    found = health(source)
    assert (found.quota_left, found.quota_limit, found.scarce) == (20, 100, True)
    polling.poll(source.pk, now=NOW + timedelta(minutes=1))
    assert len(answers.cursors) == 1
    source.refresh_from_db()
    assert source.next_poll_at == reset
    polling.poll(source.pk, now=reset)
    assert len(answers.cursors) == 2


def test_when_one_is_told_to_wait_all_of_the_credential_wait(
    source: Source, answers: Answers, account: ConnectedAccount
) -> None:
    other = sources.create_source(
        source.brand, kind="parrot", name="More", config=source.config, account=account, by=None,
        now=NOW,
    ).source  # fmt: skip
    answers.waiting = [ReadError(_("Too many calls."), retry_after=900)]
    polling.poll(source.pk, now=NOW)
    polling.poll(other.pk, now=NOW + timedelta(seconds=60))
    assert len(answers.cursors) == 1
    other.refresh_from_db()
    assert other.next_poll_at == NOW + timedelta(seconds=900)


def test_a_lost_place_goes_on_and_says_what_may_be_missing(
    source: Source, answers: Answers
) -> None:
    polling.poll(source.pk, now=NOW)
    later = NOW + timedelta(hours=1)
    answers.waiting = [CursorLost(_("Gone."), cursor={"at": 9}), Batch([], {"at": 10})]
    polling.poll(source.pk, now=later)
    assert answers.cursors[-1] == {"at": 9}
    found = health(source)
    assert (found.gap_from, found.gap_until) == (NOW, later)
    source.refresh_from_db()
    assert source.cursor == {"at": 10}


def test_ends_of_credentials_are_told_a_week_ahead_once(
    source: Source, answers: Answers, alice: User
) -> None:
    ends = NOW + timedelta(days=8)
    answers.waiting = [Batch([], {"at": 1}, expires_at=ends)]
    polling.poll(source.pk, now=NOW)
    assert not health(source).ends_soon
    polling.warn_of_ends(now=NOW)
    assert not Notice.objects.exists()
    soon = NOW + timedelta(days=2)
    assert health(source, soon).ends_soon
    polling.warn_of_ends(now=soon)
    polling.warn_of_ends(now=soon + timedelta(hours=1))
    assert [notice.user_id for notice in Notice.objects.all()] == [alice.pk]


def test_the_delay_is_that_of_the_newest_post(source: Source, answers: Answers) -> None:
    posts = [Post(str(n), "x", published_at=NOW - timedelta(minutes=n)) for n in (5, 90)]
    answers.waiting = [Batch(posts, {"at": 1})]
    polling.poll(source.pk, now=NOW)
    assert health(source).lag == 300
    assert Mention.objects.count() == 2


def test_an_account_that_is_switched_off_reads_nothing(
    source: Source, answers: Answers, account: ConnectedAccount
) -> None:
    ConnectedAccount.objects.update(is_active=False)
    polling.poll(source.pk, now=NOW)
    assert answers.cursors == []
    assert "switched off" in health(source).error


def test_another_brands_account_is_refused(
    source: Source, other_brand: Brand, answers: Answers
) -> None:
    foreign = AccountFactory.create(brand=other_brand, network="parrot")
    with pytest.raises(sources.Refused, match="another brand"):
        sources.create_source(
            source.brand, kind="parrot", name="Theirs", config={}, account=foreign, by=None,
            now=NOW,
        )  # fmt: skip
    with pytest.raises(sources.Refused, match="Choose the account"):
        sources.create_source(source.brand, kind="parrot", name="None", config={}, by=None, now=NOW)


def test_a_source_is_made_by_its_form_with_its_account(
    source: Source, account: ConnectedAccount, alice: User, answers: Answers, signed_in: SignIn
) -> None:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    browser = signed_in(alice)
    assert "Parrot" in browser.get("/settings/sources/new/", {"q": "parr"}).content.decode()
    new = "/settings/sources/new/?kind=parrot&brand=fjordkaffe"
    form = {"name": "Formed", "account": str(account.pk), "words": "a\nb", "poll_every": "90"}
    answers.waiting = [Batch([Post("1", "<i>squawk</i>")], {})]
    tried = browser.post(new, form | {"try": "1"}).content.decode()
    assert "&lt;i&gt;squawk" in tried
    assert not Mention.objects.exists()
    browser.post(new, form)
    made = Source.objects.get(name="Formed")
    assert made.config == {"words": ["a", "b"], "match": False}
    assert (made.account_id, made.poll_every) == (account.pk, 90)


def test_the_page_shows_what_stopped_and_where_to_reconnect(
    source: Source, account: ConnectedAccount, alice: User, answers: Answers, signed_in: SignIn
) -> None:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    answers.waiting = [refused()]
    polling.poll(source.pk, now=NOW)
    Budget.objects.create(
        key=f"account:{account.pk}", left=7, limit=1000, told_at=datetime.now(UTC)
    )
    shown = signed_in(alice).get("/settings/sources/").content.decode()
    assert "Needs to be reconnected" in shown
    assert f"/settings/accounts/{account.pk}/" in shown
    assert "7 of 1,000" in shown
    answers.waiting = [Batch([], {})]
    signed_in(alice).post(f"/settings/sources/{source.pk}/try/")
    assert health(source).condition != Condition.STOPPED


def test_what_a_network_could_not_give_is_told_in_the_readers_language(
    source: Source, answers: Answers, alice: User, signed_in: SignIn
) -> None:
    left_out = Words(_("The server answered with status %(status)d."), {"status": 404}).stored()
    answers.waiting = [Batch([], {"at": 1}, refused=[left_out, "<b>As it is</b>"])]
    polling.poll(source.pk, now=NOW)
    page = signed_in(alice).get(f"/settings/sources/{source.pk}/").content.decode()
    assert "The server answered with status 404." in page
    assert "&lt;b&gt;As it is" in page


def test_silence_is_judged_by_the_sources_own_rhythm(source: Source, answers: Answers) -> None:
    def bring(number: int, at: datetime) -> None:
        answers.waiting = [Batch([Post(str(number), "x")], {"at": number})]
        polling.poll(source.pk, now=at)

    for day in range(5):
        bring(day, NOW + timedelta(days=day))
    friday = NOW + timedelta(days=4)
    assert health(source, friday + timedelta(hours=23)).condition == Condition.WORKING
    assert health(source, friday + timedelta(hours=37)).condition == Condition.SILENT
    monday = NOW + timedelta(days=7)
    bring(9, monday)
    # A weekend is usual now, and is still after a week of work.
    for day in range(1, 5):
        bring(10 + day, monday + timedelta(days=day))
    saturday = monday + timedelta(days=4)
    assert health(source, saturday + timedelta(hours=70)).condition == Condition.WORKING
    assert health(source, saturday + timedelta(days=6)).condition == Condition.SILENT
    source.refresh_from_db()
    assert source.pause is not None
    polling.poll(source.pk, now=saturday + timedelta(days=1))
    pause = source.pause
    source.refresh_from_db()
    assert source.pause == pause
