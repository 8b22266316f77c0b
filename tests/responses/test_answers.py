"""Approved answers to people: only approved bytes, a name and nothing else, once each, in pace."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.models import Budget, ConnectedAccount, SimulatedPost
from core.errors import Conflict, Forbidden, Refused
from incidents.models import Incident, TimelineEntry
from incidents.models_promises import PublicWord
from monitoring.models import Mention
from responses import answers, board, offers, people, selectors_engage, services
from responses.answers import answer_due
from responses.enums import Act, DraftState, PublicationState
from responses.enums_engage import ConversationState, RunKind
from responses.models import Draft, Publication, Version
from responses.models_engage import Answer, CannedAnswer, Concern, Conversation, EngageSettings
from responses.publishing import publish_due
from responses.services.engage import answering, concerns, intake, outcome, stock, working
from responses.services.engage.halting import halt
from responses.services.engage.runs import start_run
from tests.factories.incidents import IncidentFactory
from tests.threads import together

from .conftest import sha
from .engaging import asked, linked

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now
TEXT = "Hi {name}, batch 7 is safe."


def approve(draft: Draft, alice: User, bob: User) -> Version:
    services.submit(draft.pk, by=bob, now=NOW())
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=NOW())
    Draft.objects.filter(pk=draft.pk).update(approved_at=NOW() - timedelta(minutes=1))
    return Version.objects.get(draft=draft, number=draft.version)


@pytest.fixture
def written(incident: Incident, account: ConnectedAccount, bob: User) -> Draft:
    return answering.write_answer(incident.pk, title="Batch 7", text=TEXT, by=bob, now=NOW())


@pytest.fixture
def version(written: Draft, alice: User, bob: User) -> Version:
    return approve(written, alice, bob)


@pytest.fixture
def ida(incident: Incident) -> Conversation:
    return asked(incident, now=NOW(), author="ida", text="Is batch 7 safe?")


def digest(version: Version, name: str = "ida") -> str:
    import hashlib

    return hashlib.sha256(people.personal(version.text, name).encode()).hexdigest()


def send(row: Conversation, version: Version, by: User, name: str = "ida") -> Answer:
    return answering.send_answer(row.pk, version.pk, digest=digest(version, name), by=by, now=NOW())


# To one person


def test_an_approved_answer_goes_out_with_the_name_in_it(
    ida: Conversation, version: Version, bob: User
):
    made = send(ida, version, bob)
    assert answer_due() == 1
    made.refresh_from_db()
    assert (made.state, made.text) == (PublicationState.SENT, "Hi ida, batch 7 is safe.")
    assert SimulatedPost.objects.get().text == made.text
    ida.refresh_from_db()
    assert (ida.state, ida.due_at, ida.claimed_by) == (ConversationState.WAITING, None, None)
    assert ida.first_reply_at == made.sent_at
    assert PublicWord.objects.count() == 1


def test_approving_it_posts_nothing(version: Version):
    assert publish_due(now=NOW() + timedelta(hours=1)) == 0
    assert not Publication.objects.exists()
    assert not SimulatedPost.objects.exists()


def test_what_is_not_approved_goes_nowhere(ida: Conversation, written: Draft, bob: User):
    version = written.versions.get()
    with pytest.raises(Conflict, match="not approved"):
        send(ida, version, bob)
    assert not Answer.objects.exists()


def test_a_change_after_it_was_queued_calls_it_back(ida: Conversation, version: Version, bob: User):
    made = send(ida, version, bob)
    services.edit_draft(
        version.draft_id, text="Hi {name}, batch 8.", base_version=1, by=bob, now=NOW()
    )
    assert answer_due() == 0
    made.refresh_from_db()
    assert (made.state, made.error) == (PublicationState.CANCELLED, "approval_fell")
    assert not SimulatedPost.objects.exists()


def test_an_approval_falls_with_the_right_to_give_it(
    ida: Conversation, version: Version, alice: User, bob: User
):
    made = send(ida, version, bob)
    Membership.objects.filter(user=alice).update(role=Role.OBSERVER)
    assert answer_due() == 0
    made.refresh_from_db()
    assert made.state == PublicationState.CANCELLED
    assert Draft.objects.get().state == DraftState.SUBMITTED


def refused(constraint: str, action: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        action()
    assert caught.value.__cause__.diag.constraint_name == constraint


def test_the_database_lets_nothing_else_out(
    ida: Conversation, version: Version, account: ConnectedAccount, bob: User
):
    """Whatever the services say: raw statements are held to the same."""
    made = send(ida, version, bob)
    rows = Answer.objects.filter(pk=made.pk)
    for change in ({"text": "Other"}, {"name": "eve"}, {"sha256": "0" * 64}, {"mention_id": 1}):
        refused("answer_is_bound", lambda change=change: rows.update(**change))
    refused("answer_moves", lambda: rows.update(state="SENT"))
    values = {f.attname: getattr(made, f.attname) for f in Answer._meta.fields if f.name != "id"}
    values |= {"idempotency_key": "x", "mention_id": 5}

    def make(**changes: object) -> None:
        Answer.objects.create(**values | changes)

    refused("answer_is_personal", lambda: make(text="Hi eve, batch 7 is safe."))
    refused("answer_is_personal", lambda: make(sha256="0" * 64))
    bad = people.personal(version.text, "see http://evil")
    refused("answer_is_personal", lambda: make(name="see http://evil", text=bad))
    Draft.objects.update(state=DraftState.WRITING)
    refused("approved_bytes_only", lambda: rows.update(state="SENDING"))
    refused("approved_bytes_only", lambda: make(state="SENDING"))
    Draft.objects.update(state=DraftState.APPROVED, act=Act.POST)
    refused("approved_bytes_only", lambda: rows.update(state="SENDING"))
    Draft.objects.update(act=Act.ANSWER)
    Version.objects.get().approvals.all().delete()
    refused("approved_bytes_only", lambda: rows.update(state="SENDING"))
    Draft.objects.get().accounts.clear()
    refused("approved_account_only", make)
    refused(
        "answer_is_no_post",
        lambda: Publication.objects.create(
            version=version, account=account, sha256=version.sha256, idempotency_key="p",
            publish_at=NOW(), created_at=NOW(),
        ),
    )  # fmt: skip


def test_one_message_gets_one_answer(ida: Conversation, version: Version, bob: User):
    send(ida, version, bob)
    with pytest.raises(Conflict, match="has an answer already"):
        send(ida, version, bob)


@pytest.mark.django_db(transaction=True)
def test_two_who_press_send_at_once_send_once(
    ida: Conversation, version: Version, alice: User, bob: User
):
    sends = [partial(send, ida, version, user) for user in (alice, bob)]
    done = [each for each in together(*sends, bearing=Conflict) if isinstance(each, Answer)]
    assert len(done) == Answer.objects.count() == 1


def test_while_somebody_else_answers_nobody_sends(
    ida: Conversation, version: Version, alice: User, bob: User
):
    working.claim(ida.pk, by=alice, now=NOW())
    with pytest.raises(Conflict, match="Alice Andersen is answering"):
        send(ida, version, bob)


def test_what_was_shown_is_what_goes(ida: Conversation, version: Version, bob: User):
    with pytest.raises(Conflict, match="not the one that was shown"):
        send(ida, version, bob, name="eve")


def test_who_took_their_words_away_is_not_answered(ida: Conversation, version: Version, bob: User):
    Mention.objects.update(gone_at=NOW())
    with pytest.raises(Conflict, match="taken away"):
        send(ida, version, bob)


def test_a_name_that_is_more_than_a_name_is_left_out(
    incident: Incident, version: Version, bob: User
):
    row = asked(incident, now=NOW(), author="win at http://evil.example")
    made = send(row, version, bob, name="")
    assert made.text == "Hi, batch 7 is safe."


def test_who_may_not_publish_sends_nothing(
    ida: Conversation, version: Version, olga: User, signed_in: SignIn
):
    with pytest.raises(Forbidden):
        send(ida, version, olga)
    page = f"/i/{ida.incident.reference}/engage/{ida.pk}/"
    assert signed_in(olga).post(page, {"do": "send", "offer": version.pk}).status_code == 403


def test_sending_from_the_page(ida: Conversation, version: Version, bob: User, signed_in: SignIn):
    page, client = f"/i/{ida.incident.reference}/engage/{ida.pk}/", signed_in(bob)
    shown = client.get(page)
    assert "Hi ida, batch 7 is safe." in shown.text
    offer = shown.context["offers"][0]
    client.post(page, {"do": "send", "offer": offer.version.pk, "sha256": offer.sha256})
    answer_due()
    assert Answer.objects.get().state == PublicationState.SENT
    assert client.post(page, {"do": "send", "offer": 999_999, "sha256": "x"}).status_code == 404


def test_an_unsure_one_is_settled_by_a_person(
    ida: Conversation, version: Version, account: ConnectedAccount, bob: User
):
    ConnectedAccount.objects.update(config={"world": "test", "fail": "lost"})
    made = send(ida, version, bob)
    answer_due()
    made.refresh_from_db()
    assert made.state == PublicationState.UNCERTAIN
    outcome.settle_answer(made.pk, "failed", by=bob, now=NOW())
    assert Conversation.objects.get().state == ConversationState.OPEN
    ConnectedAccount.objects.update(config={"world": "test"})
    # A message whose answer failed can have another one.
    assert send(ida, version, bob).pk != made.pk


# The library


def test_an_approval_holds_for_the_brand_only_for_the_same_bytes(
    incident: Incident, version: Version, alice: User, bob: User, brand: Brand
):
    other = IncidentFactory.create(brand=brand, reference="CD-2026-031")
    row = asked(other, now=NOW(), author="ida", lang="en")
    with pytest.raises(Conflict, match="another incident"):
        send(row, version, bob)
    kept = stock.save_canned(brand, title="Batch 7", text=TEXT, language="en", by=bob, now=NOW())
    with pytest.raises(Forbidden):
        stock.keep_approval(kept.pk, version.pk, by=bob)
    stock.keep_approval(kept.pk, version.pk, by=alice)
    assert [each.canned for each in offers.offers(row, Mention.objects.get())] == [True]
    made = send(row, version, bob)
    # Other words have lost it, and so has what waits.
    stock.save_canned(
        brand, title="Batch 7", text="Other", language="en", by=bob, now=NOW(), canned=kept
    )
    kept.refresh_from_db()
    assert kept.approved is None
    refused("approved_incident_only", lambda: Answer.objects.update(state="SENDING"))
    with pytest.raises(Refused, match="exactly these words"):
        stock.keep_approval(kept.pk, version.pk, by=alice)
    assert made.pk


def test_an_approval_in_a_private_incident_stays_there(
    incident: Incident, version: Version, alice: User, bob: User, brand: Brand
):
    kept = stock.save_canned(brand, title="T", text=TEXT, language="en", by=bob, now=NOW())
    Incident.objects.update(is_private=True)
    with pytest.raises(Refused):
        stock.keep_approval(kept.pk, version.pk, by=alice)


def test_the_library_on_its_page(brand: Brand, bob: User, signed_in: SignIn, charlie: User):
    client, page = signed_in(bob), f"/settings/answers/{brand.slug}/"
    typed = {"do": "save", "title": "Hello", "text": "Hi {name}", "language": "da"}
    client.post(page, typed)
    kept = CannedAnswer.objects.get()
    assert "Hi {name}" in client.get(page).text
    client.post(page, typed | {"canned": kept.pk, "text": "Hej {name}"})
    assert CannedAnswer.objects.get().text == "Hej {name}"
    assert signed_in(charlie).post(page, {"do": "delete", "canned": kept.pk}).status_code == 404
    client.post(page, {"do": "delete", "canned": kept.pk})
    assert not CannedAnswer.objects.exists()


# The concern board


@pytest.fixture
def concern(incident: Incident, bob: User) -> Concern:
    return concerns.add_concern(incident.pk, "Is batch 7 safe?", by=bob, now=NOW())


def crowd(incident: Incident, concern: Concern, bob: User, count: int) -> list[Conversation]:
    """That many people who ask, one of them in two threads."""
    for n in range(count):
        linked(incident, author=f"p{n}", text="Is batch 7 safe?")
    linked(incident, author="p0", text="I ask again: is it safe?")
    intake.take_in(now=NOW())
    rows = list(Conversation.objects.filter(incident=incident))
    concerns.group(incident.pk, concern.pk, [row.pk for row in rows], by=bob, now=NOW())
    return rows


def answered_concern(concern: Concern, kind: RunKind, alice: User, bob: User, text: str = TEXT):
    draft = concerns.write_for(concern.pk, kind, text=text, by=bob, now=NOW())
    return approve(draft, alice, bob)


def quick(brand: Brand) -> None:
    """As fast as the simulated network bears: one a second."""
    EngageSettings.objects.create(brand=brand, paces={"simulator": 3600})


def run_out(start: object, *, steps: int = 12) -> int:
    """Let the engine work for so many seconds; return how many went out."""
    return sum(answer_due(now=NOW() + timedelta(seconds=2 * n)) for n in range(steps))


def test_one_approval_answers_each_person_once(
    incident: Incident, account: ConnectedAccount, concern: Concern, alice: User, bob: User
):
    crowd(incident, concern, bob, 3)
    version = answered_concern(concern, RunKind.ANSWER, alice, bob)
    run = start_run(concern.pk, RunKind.ANSWER, digest=version.sha256, by=bob, now=NOW())
    assert sorted(run.answers.values_list("name", flat=True)) == ["p0", "p1", "p2"]
    assert run_out(None) == 3
    texts = set(SimulatedPost.objects.values_list("text", flat=True))
    assert texts == {f"Hi p{n}, batch 7 is safe." for n in range(3)}
    with pytest.raises(Conflict, match="nobody"):
        start_run(concern.pk, RunKind.ANSWER, digest=version.sha256, by=bob, now=NOW())
    # Who asks later is the only one of the next run.
    late = asked(incident, now=NOW(), author="late", text="Is it?")
    concerns.group(incident.pk, concern.pk, [late.pk], by=bob, now=NOW())
    again = start_run(concern.pk, RunKind.ANSWER, digest=version.sha256, by=bob, now=NOW())
    assert again.answers.get().name == "late"
    card = board.cards(incident)[0]
    assert (card.asked, card.answered, card.told) == (4, 3, 3)
    said = TimelineEntry.objects.filter(params__code="run_started").order_by("pk")
    assert [each.params["count"] for each in said] == [3, 1]


def test_put_right_goes_to_exactly_those_who_had_the_first(
    incident: Incident, account: ConnectedAccount, concern: Concern, alice: User, bob: User
):
    rows = crowd(incident, concern, bob, 3)
    first = answered_concern(concern, RunKind.ANSWER, alice, bob)
    start_run(concern.pk, RunKind.ANSWER, digest=first.sha256, by=bob, now=NOW())
    run_out(None)
    # One did not get it; one is left alone since; one came later.
    lost = Answer.objects.get(name="p2")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE responses_answer DISABLE TRIGGER USER")
        Answer.objects.filter(pk=lost.pk).update(state=PublicationState.FAILED)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE responses_answer ENABLE TRIGGER USER")
    late = asked(incident, now=NOW(), author="late")
    concerns.group(incident.pk, concern.pk, [late.pk], by=bob, now=NOW())
    fix = answered_concern(concern, RunKind.FIXED, alice, bob, "Hi {name}, it is put right.")
    assert board.cards(incident)[0].fix.to == 2
    run = start_run(concern.pk, RunKind.FIXED, digest=fix.sha256, by=bob, now=NOW())
    assert sorted(run.answers.values_list("name", flat=True)) == ["p0", "p1"]
    assert len(rows) == 4


def test_it_keeps_the_pace_whatever_the_engines_do(
    incident: Incident, account: ConnectedAccount, concern: Concern, brand: Brand,
    alice: User, bob: User,
):  # fmt: skip
    EngageSettings.objects.create(brand=brand, paces={"simulator": 60})
    crowd(incident, concern, bob, 4)
    version = answered_concern(concern, RunKind.ANSWER, alice, bob)
    now = NOW()
    run = start_run(concern.pk, RunKind.ANSWER, digest=version.sha256, by=bob, now=now)
    times = sorted(run.answers.values_list("publish_at", flat=True))
    assert [times[n + 1] - times[n] for n in range(3)] == [timedelta(minutes=1)] * 3
    # Even if all of them are due at once, because the engine was away.
    Answer.objects.update(publish_at=now)
    assert answer_due(now=now + timedelta(hours=1)) == 1
    assert answer_due(now=now + timedelta(hours=1, seconds=59)) == 0
    assert answer_due(now=now + timedelta(hours=1, seconds=61)) == 1


def test_what_a_person_sends_goes_before_a_run(
    incident: Incident, concern: Concern, ida: Conversation, version: Version,
    alice: User, bob: User,
):  # fmt: skip
    crowd(incident, concern, bob, 3)
    to_all = answered_concern(concern, RunKind.ANSWER, alice, bob)
    start_run(concern.pk, RunKind.ANSWER, digest=to_all.sha256, by=bob, now=NOW())
    Answer.objects.update(publish_at=NOW() - timedelta(minutes=1))
    by_hand = send(ida, version, bob)
    first = answers.OUTBOX.claim_due(now=NOW(), limit=1)
    assert [claim.row_id for claim in first] == [by_hand.pk]


def test_it_waits_where_the_network_says_so(
    incident: Incident, account: ConnectedAccount, concern: Concern, alice: User, bob: User
):
    crowd(incident, concern, bob, 1)
    version = answered_concern(concern, RunKind.ANSWER, alice, bob)
    start_run(concern.pk, RunKind.ANSWER, digest=version.sha256, by=bob, now=NOW())
    until = NOW() + timedelta(minutes=5)
    Budget.objects.create(
        key=f"account:{account.pk}", left=2, limit=100, resets_at=until, told_at=NOW()
    )
    assert answer_due() == 0
    assert Answer.objects.get().publish_at == until


def test_halting_stops_what_has_not_left(
    incident: Incident, account: ConnectedAccount, concern: Concern, brand: Brand, alice: User,
    bob: User,
):  # fmt: skip
    quick(brand)
    crowd(incident, concern, bob, 5)
    version = answered_concern(concern, RunKind.ANSWER, alice, bob)
    run = start_run(concern.pk, RunKind.ANSWER, digest=version.sha256, by=bob, now=NOW())
    assert answer_due() == 1
    halt(run.pk, by=bob, now=NOW())
    halt(run.pk, by=bob, now=NOW())
    assert run_out(None) == 0
    assert SimulatedPost.objects.count() == 1
    states = list(run.answers.values_list("state", "error").order_by("pk"))
    assert states.count((PublicationState.CANCELLED, "halted")) == 4
    refused(
        "answer_moves",
        lambda: Answer.objects.filter(state="CANCELLED").update(state="QUEUED"),
    )
    assert TimelineEntry.objects.get(params__code="run_halted").params["count"] == 4


def test_one_claimed_before_the_halt_does_not_begin_its_call_after(
    incident: Incident, account: ConnectedAccount, concern: Concern, alice: User, bob: User
):
    crowd(incident, concern, bob, 1)
    version = answered_concern(concern, RunKind.ANSWER, alice, bob)
    run = start_run(concern.pk, RunKind.ANSWER, digest=version.sha256, by=bob, now=NOW())
    claims = answers.OUTBOX.claim_due(now=NOW(), limit=1)
    assert len(claims) == 1
    halt(run.pk, by=bob, now=NOW())
    answers.OUTBOX.deliver(claims[0])
    assert not SimulatedPost.objects.exists()
    assert Answer.objects.get().state == PublicationState.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_halting_races_with_sending_and_nothing_begins_afterwards(
    incident: Incident, account: ConnectedAccount, concern: Concern, brand: Brand, alice: User,
    bob: User,
):  # fmt: skip
    quick(brand)
    crowd(incident, concern, bob, 20)
    version = answered_concern(concern, RunKind.ANSWER, alice, bob)
    run = start_run(concern.pk, RunKind.ANSWER, digest=version.sha256, by=bob, now=NOW())
    ready, errors, after = threading.Barrier(3), [], []

    def work() -> None:
        ready.wait()
        try:
            for n in range(30):
                answer_due(now=NOW() + timedelta(seconds=2 * n))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    def stop() -> None:
        ready.wait()
        try:
            halt(run.pk, by=bob, now=NOW())
            after.append(SimulatedPost.objects.count())
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=each) for each in (work, work, stop)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert errors == []
    assert SimulatedPost.objects.count() == after[0]
    assert not run.answers.filter(state__in=["QUEUED", "SENDING"]).exists()


def test_who_is_answered_by_hand_gets_no_answer_of_a_run_behind(
    incident: Incident, account: ConnectedAccount, concern: Concern, version: Version,
    alice: User, bob: User,
):  # fmt: skip
    p1 = crowd(incident, concern, bob, 3)[1]
    to_all = answered_concern(concern, RunKind.ANSWER, alice, bob)
    run = start_run(concern.pk, RunKind.ANSWER, digest=to_all.sha256, by=bob, now=NOW())
    name = run.answers.get(conversation=p1).name
    by_hand = send(p1, version, bob, name)
    taken_back = run.answers.get(conversation=p1)
    assert (taken_back.state, taken_back.error) == ("CANCELLED", "by_hand")
    run_out(None)
    sent = Answer.objects.filter(state="SENT")
    assert sent.get(conversation=p1) == by_hand
    assert sent.count() == sent.values("person").distinct().count() == 3
    assert SimulatedPost.objects.count() == 3
    with pytest.raises(Conflict, match="nobody"):
        start_run(concern.pk, RunKind.ANSWER, digest=to_all.sha256, by=bob, now=NOW())


def test_an_answer_by_hand_that_is_called_back_leaves_them_to_the_next_run(
    incident: Incident, account: ConnectedAccount, concern: Concern, version: Version,
    alice: User, bob: User,
):  # fmt: skip
    [ida, *_others] = crowd(incident, concern, bob, 1)
    Conversation.objects.exclude(pk=ida.pk).update(concern=None)
    to_all = answered_concern(concern, RunKind.ANSWER, alice, bob)
    start = partial(start_run, concern.pk, RunKind.ANSWER, digest=to_all.sha256, by=bob, now=NOW())
    start()
    by_hand = send(ida, version, bob, "p0")
    with pytest.raises(Conflict, match="nobody"):
        start()
    outcome.cancel_answer(by_hand.pk, by=bob, now=NOW())
    assert board.cards(incident)[0].answer.to == 1
    assert start().answers.get().conversation == ida


def test_the_concerns_answer_by_hand_is_had_in_every_thread(
    incident: Incident, account: ConnectedAccount, concern: Concern, alice: User, bob: User
):
    """p0 asks in two threads: the answer waits in one, and a person gives it in the other."""
    rows = crowd(incident, concern, bob, 1)
    to_all = answered_concern(concern, RunKind.ANSWER, alice, bob)
    run = start_run(concern.pk, RunKind.ANSWER, digest=to_all.sha256, by=bob, now=NOW())
    queued = run.answers.get()
    [other] = [row for row in rows if row.pk != queued.conversation_id]
    send(other, to_all, bob, "p0")
    run_out(None)
    assert SimulatedPost.objects.count() == 1
    with pytest.raises(Conflict, match="had this answer"):
        send(queued.conversation, to_all, bob, "p0")
    # Who had it by hand is told, too, when it is put right.
    fix = answered_concern(concern, RunKind.FIXED, alice, bob, "It is put right, {name}.")
    assert board.cards(incident)[0].told == 1
    put_right = start_run(concern.pk, RunKind.FIXED, digest=fix.sha256, by=bob, now=NOW())
    assert put_right.answers.get().conversation == other


def test_what_is_being_sent_to_them_is_not_answered_beside(
    incident: Incident, account: ConnectedAccount, concern: Concern, version: Version,
    alice: User, bob: User,
):  # fmt: skip
    [ida, *_others] = crowd(incident, concern, bob, 1)
    Conversation.objects.exclude(pk=ida.pk).update(concern=None)
    to_all = answered_concern(concern, RunKind.ANSWER, alice, bob)
    start_run(concern.pk, RunKind.ANSWER, digest=to_all.sha256, by=bob, now=NOW())
    answers.OUTBOX.claim_due(now=NOW() + timedelta(minutes=1), limit=1)
    with pytest.raises(Conflict, match="on its way to them"):
        send(ida, version, bob, "p0")
    assert not Answer.objects.filter(run=None).exists()


@pytest.mark.django_db(transaction=True)
def test_by_hand_and_to_all_at_once_never_both(
    incident: Incident, account: ConnectedAccount, concern: Concern, alice: User, bob: User
):
    rows = crowd(incident, concern, bob, 6)
    to_all = answered_concern(concern, RunKind.ANSWER, alice, bob)
    said = selectors_engage.mentions(rows)
    start = partial(start_run, concern.pk, RunKind.ANSWER, digest=to_all.sha256, now=NOW())
    by_hand = [partial(send, row, to_all, bob, said[row.mention_id].author) for row in rows[:4]]
    together(partial(start, by=alice), *by_hand, bearing=Conflict)
    quick(incident.brand)
    run_out(None)
    persons = list(Answer.objects.filter(state="SENT").values_list("person", flat=True))
    assert len(persons) == len(set(persons)) == SimulatedPost.objects.count() >= 4


@pytest.mark.django_db(transaction=True)
def test_two_who_answer_all_at_once_reach_each_person_once(
    incident: Incident, account: ConnectedAccount, concern: Concern, alice: User, bob: User
):
    crowd(incident, concern, bob, 5)
    version = answered_concern(concern, RunKind.ANSWER, alice, bob)
    start = partial(start_run, concern.pk, RunKind.ANSWER, digest=version.sha256, now=NOW())
    outcomes = together(partial(start, by=alice), partial(start, by=bob), bearing=Conflict)
    assert Answer.objects.count() == 5
    assert sum(isinstance(each, Conflict) for each in outcomes) == 1


def test_the_board_suggests_who_asks_the_same(
    incident: Incident, account: ConnectedAccount, bob: User, signed_in: SignIn
):
    made = concerns.add_concern(incident.pk, "Can children eat batch 7?", by=bob, now=NOW())
    alike = asked(incident, now=NOW(), author="a", text="Can my children still eat batch 7?")
    asked(incident, now=NOW(), author="b", text="Where is my refund for the train ticket?")
    for n in range(6):
        linked(incident, author=f"r{n}", text=f"When comes the refund of my voucher {n}?")
    intake.take_in(now=NOW())
    assert board.cards(incident)[0].alike == [alike.pk]
    found = board.groups(incident)
    assert any("refund" in each.name and len(each.ids) >= 6 for each in found)
    client, page = signed_in(bob), f"/i/{incident.reference}/concerns/"
    assert "1 more conversation seems to ask this." in client.get(page).text
    client.post(f"{page}{made.number}/", {"do": "group", "conversation": [alike.pk]})
    assert Conversation.objects.get(pk=alike.pk).concern == made
    group = next(each for each in found if "refund" in each.name)
    client.post(page, {"question": "When is the refund?", "conversation": group.ids})
    assert Concern.objects.get(number=2).conversations.count() == len(group.ids)


@pytest.mark.usefixtures("account")
def test_the_whole_way_on_the_board(
    concern: Concern, alice: User, bob: User, olga: User, charlie: User, signed_in: SignIn
):
    incident = concern.incident
    crowd(incident, concern, bob, 2)
    page = f"/i/{incident.reference}/concerns/"
    one, client = f"{page}{concern.number}/", signed_in(bob)
    written = client.post(one, {"do": "write", "kind": "ANSWER", "text": TEXT})
    assert "/drafts/" in written["Location"]
    version = approve(Draft.objects.get(act=Act.ANSWER), alice, bob)
    assert "Send to 2 people" in client.get(page).text
    sending = {"do": "send", "kind": "ANSWER", "sha256": version.sha256}
    assert signed_in(olga).post(one, sending).status_code == 403
    assert signed_in(charlie).post(one, sending).status_code == 404
    client.post(one, sending)
    text = client.get(page).text
    assert "0 of 2 sent" in text
    assert "Halt" in text
    run = concern.runs.get()
    assert signed_in(charlie).post(f"{page}runs/{run.pk}/halt/").status_code == 404
    assert signed_in(olga).post(f"{page}runs/{run.pk}/halt/").status_code == 403
    client.post(f"{page}runs/{run.pk}/halt/")
    assert "Halted by Bob Berg" in client.get(page).text


def test_a_concern_that_changed_meanwhile_is_not_overwritten(
    concern: Concern, alice: User, bob: User
):
    concerns.change_concern(
        concern.pk, question="Is it safe for children?", owner=alice, seen=1, by=bob, now=NOW()
    )
    with pytest.raises(Conflict, match="Look again"):
        concerns.change_concern(concern.pk, question="Other", owner=None, seen=1, by=bob, now=NOW())


def test_conversations_of_another_incident_stay_there(
    incident: Incident, concern: Concern, bob: User, brand: Brand
):
    other = asked(IncidentFactory.create(brand=brand, reference="CD-2026-044"), now=NOW())
    assert concerns.group(incident.pk, concern.pk, [other.pk], by=bob, now=NOW()) == 0
