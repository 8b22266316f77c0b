"""Exports: what the filter shows, harmless in a spreadsheet, in constant memory."""

import csv
import json
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Forbidden
from monitoring.enums import JobState
from monitoring.models_triage import StreamJob
from monitoring.selectors import Filters
from monitoring.services import exporting, many
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.monitoring import mention

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
EXPORT = reverse("monitoring:export")


def body(answer: object) -> str:
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_a_table_holds_what_the_filter_shows_and_runs_nothing(
    signed_in: SignIn, alice: User, brand: Brand, other_brand: Brand
) -> None:
    mention(brand, network="x", text='=HYPERLINK("evil")', author="@SUM(A1)", title="＝1+1")
    mention(brand, network="reddit")
    mention(brand, network="x", text="taken away", gone_at=timezone.now())
    mention(other_brand, network="x", text="a stranger's")
    values = {"query": "network=x", "format": "csv"}
    answer = signed_in(alice).post(EXPORT, values)
    text = body(answer)
    [row] = csv.DictReader(StringIO(text.removeprefix("\ufeff")))
    assert (row["text"], row["author"]) == ('\'=HYPERLINK("evil")', "'@SUM(A1)")
    assert row["title"] == "'＝1+1"
    assert row["brand"] == brand.name
    assert "attachment" in answer["Content-Disposition"]
    entry = AuditEntry.objects.get(action="mentions.exported")
    assert (entry.actor_id, entry.brand_id, entry.detail["count"]) == (alice.pk, brand.pk, 1)


def test_lines_of_json_are_as_they_are(signed_in: SignIn, alice: User, brand: Brand) -> None:
    mention(brand, text='=1+1 "quoted"\nsecond line æøå', stars=2)
    text = body(signed_in(alice).post(EXPORT, {"query": "", "format": "jsonl"}))
    [line] = text.splitlines()
    found = json.loads(line)
    assert found["text"] == '=1+1 "quoted"\nsecond line æøå'
    assert (found["stars"], found["state"]) == (2, "new")


def test_it_takes_the_right_and_a_stranger_gets_nothing(
    signed_in: SignIn, charlie: User, brand: Brand
) -> None:
    mention(brand, text="secret")
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    with pytest.raises(Forbidden):
        exporting.frozen(observer, Filters(), now=timezone.now())
    answer = signed_in(observer).post(EXPORT, {"query": "", "format": "csv"})
    assert answer.status_code == 302
    text = body(signed_in(charlie).post(EXPORT, {"query": f"brand={brand.pk}", "format": "csv"}))
    assert "secret" not in text


def queued(user: User, **filters: object) -> StreamJob:
    now = timezone.now()
    wanted = exporting.frozen(user, Filters(**filters), now=now)  # type: ignore[arg-type]
    return exporting.begin(user, wanted, "csv", query="", now=now)


def test_many_become_a_file_that_a_worker_writes_and_that_leaves_again(
    signed_in: SignIn, alice: User, bob: User, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "DIRECT", 3)
    monkeypatch.setattr(exporting, "PAGE", 4)
    made = [mention(brand).pk for _ in range(10)]
    client = signed_in(alice)
    answer = client.post(EXPORT, {"query": "", "format": "csv"})
    job = StreamJob.objects.get()
    assert answer["Location"] == reverse("monitoring:job", args=[job.pk])
    late = mention(brand)
    exporting.run(job.pk, clock=timezone.now)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 10)
    file = reverse("monitoring:download", args=[job.pk])
    rows = list(csv.DictReader(StringIO(body(client.get(file)).removeprefix("\ufeff"))))
    assert [int(row["id"]) for row in rows] == sorted(made, reverse=True)
    assert late.pk not in made
    assert signed_in(bob).get(file).status_code == 404
    path = Path(job.file.path)
    assert exporting.forget_files(now=timezone.now() + exporting.KEPT + timedelta(minutes=1)) == 1
    assert not path.exists()
    assert client.get(file).status_code == 404


def test_a_file_is_not_handed_to_who_lost_the_right(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    mention(brand)
    job = queued(alice)
    exporting.run(job.pk, clock=timezone.now)
    file = reverse("monitoring:download", args=[job.pk])
    assert "The coffee was cold." in body(signed_in(alice).get(file))
    alice.memberships.update(role=Role.OBSERVER)
    assert signed_in(alice).get(file).status_code == 404


def test_a_killed_worker_leaves_no_half_file_and_the_next_begins_anew(
    alice: User, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    for _ in range(6):
        mention(brand)
    job = queued(alice)
    beat = exporting._Beat.__call__

    def die(self: exporting._Beat, count: int) -> None:
        beat(self, count)
        if self.job.done >= 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(exporting._Beat, "__call__", die)
    with pytest.raises(KeyboardInterrupt):
        exporting.run(job.pk, clock=timezone.now)
    monkeypatch.setattr(exporting._Beat, "__call__", beat)
    job.refresh_from_db()
    assert (job.state, bool(job.file)) == (JobState.RUNNING, False)
    exporting.run(job.pk, clock=lambda: timezone.now() + 2 * many.LEASE)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 6)
    with job.file.open() as file:
        assert len(file.read().splitlines()) == 7


def test_it_can_be_stopped_while_it_runs(alice: User, brand: Brand) -> None:
    mention(brand)
    job = queued(alice)
    many.stop(job, by=alice, now=timezone.now())
    exporting.run(job.pk, clock=timezone.now)
    job.refresh_from_db()
    assert (job.state, bool(job.file)) == (JobState.STOPPED, False)


def test_memory_does_not_grow_with_the_length(alice: User, brand: Brand) -> None:
    for _ in range(60):
        mention(brand, text="x" * 20_000)
    wanted = exporting.frozen(alice, Filters(), now=timezone.now())

    def peak(monkey_page: int) -> int:
        kept, exporting.PAGE = exporting.PAGE, monkey_page
        tracemalloc.start()
        try:
            for _piece in exporting.direct(alice, wanted, "jsonl", count=60):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            exporting.PAGE = kept

    # All texts are 1.2 MB; a page of three is a twentieth of that.
    assert peak(3) < peak(60) / 4
