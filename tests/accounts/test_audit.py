"""The audit trail shows every change made to it."""

import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts import audit
from accounts.models import AuditEntry, AuditHead, User
from accounts.services import issue_token, update_profile
from tests.factories.accounts import UserFactory


def write(count: int = 5) -> None:
    with transaction.atomic():
        for number in range(count):
            audit.record("tested", subject=f"row {number}", figure=0.1, nested={"a": [1, None]})


def tamper(sql: str) -> None:
    """Change the trail as someone with the database's password could."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER audit_append_only")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE accounts_auditentry ENABLE TRIGGER audit_append_only")


@pytest.mark.django_db
def test_a_whole_trail_verifies_and_says_who_did_what(alice: User) -> None:
    with transaction.atomic():
        audit.record("thing.done", actor=alice, brand=3, subject="nul\x00", odd="\ud800", n=2**70)
    write()
    entry = AuditEntry.objects.get(number=1)
    assert (entry.actor_id, entry.brand_id, entry.subject) == (alice.pk, 3, "nul")
    assert entry.detail == {"odd": "", "n": 2**70}
    assert audit.verify().checked == 6
    assert audit.verify().broken_at is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "broken_at"),
    [
        ("UPDATE accounts_auditentry SET subject = 'other' WHERE number = 3", 3),
        ("UPDATE accounts_auditentry SET detail = '{}' WHERE number = 2", 2),
        ("UPDATE accounts_auditentry SET actor_id = 9 WHERE number = 1", 1),
        ("DELETE FROM accounts_auditentry WHERE number = 4", 4),
        ("DELETE FROM accounts_auditentry WHERE number = 5", 5),
        ("DELETE FROM accounts_auditentry", 1),
        (
            "UPDATE accounts_auditentry SET number = -number WHERE number IN (2, 3);"
            "UPDATE accounts_auditentry SET number = 5 + number WHERE number IN (-2, -3)",
            2,
        ),
    ],
)
def test_every_change_shows(sql: str, broken_at: int) -> None:
    write()
    assert audit.verify().broken_at is None
    tamper(sql)
    assert audit.verify().broken_at == broken_at


@pytest.mark.django_db
def test_a_trail_cut_together_with_its_head_shows_against_a_kept_head() -> None:
    write()
    kept = audit.verify().head
    tamper("DELETE FROM accounts_auditentry WHERE number = 5")
    last = AuditEntry.objects.get(number=4)
    AuditHead.objects.update(number=4, digest=last.digest)
    assert audit.verify().broken_at is None
    assert audit.verify(kept=kept).broken_at == 5


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE {} SET subject = ''", "DELETE FROM {}"])
def test_the_database_refuses_to_change_an_entry(sql: str) -> None:
    write()
    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format("accounts_auditentry"))
    assert AuditEntry.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_an_entry_needs_the_transaction_of_what_it_tells() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        audit.record("tested")


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_leaves_no_gap() -> None:
    write(1)
    with transaction.atomic():
        audit.record("undone")
        transaction.set_rollback(True)
    write(1)
    assert list(AuditEntry.objects.values_list("number", flat=True)) == [2, 1]
    assert audit.verify().broken_at is None


@pytest.mark.django_db(transaction=True)
def test_four_writers_make_one_chain() -> None:
    def writer(_: int) -> None:
        for _number in range(25):
            write(1)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(writer, range(4)))
    assert audit.verify() == audit.Verdict(100, str(AuditHead.objects.get()))


@pytest.mark.django_db(transaction=True)
def test_who_holds_the_trail_and_who_waits_for_it_do_not_wait_for_each_other() -> None:
    """The first looks at the person's row at its commit, for the token's foreign key."""
    person = UserFactory.create()
    holding, waiting = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            issue_token(person, name="held")
            holding.set()
            waiting.wait(10)
            time.sleep(0.5)  # the other has locked the person and waits for the trail
        connection.close()

    def wait() -> None:
        holding.wait(10)
        waiting.set()
        update_profile(person, name="Changed")
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(hold), pool.submit(wait)]:
            job.result()
    assert audit.verify() == audit.Verdict(2, str(AuditHead.objects.get()))


@pytest.mark.django_db
def test_the_command_prints_the_head_and_fails_on_a_break() -> None:
    write()
    out = StringIO()
    call_command("audit_verify", stdout=out)
    head = str(AuditHead.objects.get())
    assert out.getvalue() == f"5 entries, all whole. Head: {head}\n"
    call_command("audit_verify", head=head, stdout=out)
    tamper("DELETE FROM accounts_auditentry WHERE number = 5")
    with pytest.raises(CommandError, match="breaks at entry 5"):
        call_command("audit_verify", stdout=out)
