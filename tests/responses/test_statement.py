"""A statement from its preparation to the signed page: who may, in which order, exactly once."""

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connectors.base import PermanentError, Picture
from connectors.models import ConnectedAccount, SimulatedPost
from core.errors import Conflict, Forbidden, Refused
from incidents.models import Incident
from incidents.models_promises import Promise, PublicWord
from responses import services
from responses.enums import PublicationState
from responses.models import Publication
from responses.models_statement import (
    Statement,
    StatementEntry,
    StatementImage,
    StatementKey,
    StatementSite,
)
from responses.publishing import publish_due
from responses.services.statement import Terms, change_terms, prepare, rotate_key, write
from responses.services.statement.export import export, export_due
from responses.statements import documents, files, serving
from responses.statements.reading import telling
from tests.factories.statements import approved, message_of, prepared, published, site_for

from .conftest import sha
from .test_media import picture

TEXT = "Plastik i kaffen\n\nVi beklager. Drik ikke parti 7.\n\n- Smid posen ud\n- Ring 70 20 30 40"


@pytest.fixture(name="site")
def site_fixture(incident: Incident, alice: User, bob: User) -> StatementSite:
    return site_for(incident.brand)


@pytest.fixture(name="statement")
def statement_fixture(site: StatementSite, incident: Incident, bob: User) -> Statement:
    return prepared(incident, bob)


@pytest.fixture(name="root")
def root_fixture(tmp_path: Path, settings: object) -> Path:
    settings.STATEMENT_ROOT = tmp_path / "statements"
    return settings.STATEMENT_ROOT


def page(root: Path, site: StatementSite) -> Path:
    return root / "s" / site.slug / "plastik-i-kaffen"


def test_what_is_approved_goes_out_once_signed_and_follows_from_what_came_before(
    statement: Statement, alice: User, bob: User
) -> None:
    first = published(statement, TEXT, by=bob, approver=alice)
    second = published(statement, "Prøverne er rene.", by=bob, approver=alice)
    for entry in (first, second):
        data = entry.document.encode()
        document = documents.verify(data, bytes(entry.signature), entry.key.public_pem)
        assert document["text"] == entry.text
        assert document["statement"].endswith(f"/s/{statement.site.slug}/plastik-i-kaffen/")
    assert json.loads(first.document)["previous"] is None
    documents.follows(json.loads(second.document), first.document.encode())
    out = Publication.objects.get(idempotency_key=second.idempotency_key)
    assert out.state == PublicationState.SENT
    assert out.url.endswith("/plastik-i-kaffen/2/")
    # The public's clock heard it like any other word.
    assert PublicWord.objects.filter(channel="statement").count() == 2


def test_publishing_again_writes_nothing_again(
    statement: Statement, alice: User, bob: User
) -> None:
    entry = published(statement, TEXT, by=bob, approver=alice)
    publisher, message = message_of(Publication.objects.get())
    assert publisher.publish(message) == publisher.find(message)
    assert list(StatementEntry.objects.all()) == [entry]


@pytest.mark.django_db(transaction=True)
def test_the_same_publication_pressed_by_many_at_once_is_one_entry(
    statement: Statement, alice: User, bob: User
) -> None:
    draft = approved(
        statement, TEXT, Terms(), by=bob, approver=alice, now=timezone.now() - timedelta(minutes=1)
    )
    publication = Publication.objects.get(version__draft=draft)
    Publication.objects.update(state=PublicationState.SENDING, sending_since=timezone.now())
    publisher, message = message_of(publication)
    receipts = []

    def press() -> None:
        receipts.append(publisher.publish(message))
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receipts) == 8
    assert len(set(receipts)) == 1
    assert StatementEntry.objects.count() == 1


def test_the_press_takes_only_what_is_on_its_way_with_its_own_bytes(
    statement: Statement, alice: User, bob: User
) -> None:
    approved(statement, TEXT, Terms(), by=bob, approver=alice, now=timezone.now())
    publication = Publication.objects.get()
    publisher, message = message_of(publication)
    with pytest.raises(PermanentError):
        publisher.publish(message)
    Publication.objects.update(state=PublicationState.SENDING, sending_since=timezone.now())
    publisher.publish(message)
    Publication.objects.filter(pk=publication.pk)
    with pytest.raises(PermanentError):
        publisher.publish(type(message)("Noget andet", message.idempotency_key))
    assert StatementEntry.objects.count() == 1


def test_an_entry_is_never_changed_or_removed(statement: Statement, alice: User, bob: User) -> None:
    entry = published(statement, TEXT, by=bob, approver=alice)
    for change in (
        lambda: StatementEntry.objects.update(text="Intet skete."),
        lambda: StatementEntry.objects.filter(pk=entry.pk)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert StatementEntry.objects.get().text == TEXT


def test_how_a_draft_appears_cannot_change_while_it_is_judged(
    statement: Statement, alice: User, bob: User
) -> None:
    now = timezone.now()
    draft = write(statement.pk, title="t", text=TEXT, terms=Terms(), by=bob, now=now)
    soon = now + timedelta(hours=1)
    change_terms(draft.pk, terms=Terms(next_update_at=soon), by=bob, now=now)
    services.submit(draft.pk, by=bob, now=now)
    with pytest.raises(Conflict):
        change_terms(draft.pk, terms=Terms(next_update_at=None), by=bob, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        statement.drafts.update(next_update_at=None)
    assert statement.drafts.get().next_update_at == soon


def test_a_promise_of_news_is_the_incidents_and_news_keep_it(
    statement: Statement, alice: User, bob: User
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    published(statement, TEXT, by=bob, approver=alice, next_update_at=soon)
    promise = Promise.objects.get()
    assert (promise.due_at, promise.state, promise.owner) == (soon, "OPEN", bob)
    published(statement, "Mere nyt.", by=bob, approver=alice)
    promise.refresh_from_db()
    assert promise.state == "KEPT"
    told = telling(statement.entries.all(), "da")
    assert told.promises == (1, 1)
    assert told.next_update_at is None


def test_a_promise_in_the_past_is_not_published(
    statement: Statement, alice: User, bob: User
) -> None:
    now = timezone.now()
    with pytest.raises(Refused):
        write(
            statement.pk, title="t", text=TEXT, by=bob, now=now,
            terms=Terms(next_update_at=now - timedelta(minutes=1)),
        )  # fmt: skip


def test_a_correction_shows_what_stood_and_a_withdrawal_strikes_out(
    statement: Statement, alice: User, bob: User
) -> None:
    published(statement, TEXT, by=bob, approver=alice)
    published(
        statement, "Plastik i kaffen\n\nDrik ikke parti 8.", by=bob, approver=alice,
        form="CORRECTION", about=1, reason="Vi skrev et forkert parti",
    )  # fmt: skip
    news = telling(statement.entries.all(), "da").news[0]
    assert news.now.entry.number == 2
    (stood,) = news.before
    assert (stood.entry.number, stood.reason) == (1, "Vi skrev et forkert parti")
    published(
        statement, "Det var en anden kaffe.", by=bob, approver=alice, form="WITHDRAWAL", about=1
    )
    told = telling(statement.entries.all(), "da")
    assert told.news[0].withdrawal
    assert not told.standing
    with pytest.raises(Refused):
        write(
            statement.pk, title="t", text="x", by=bob, now=timezone.now(),
            terms=Terms(form="CORRECTION", about=1),
        )  # fmt: skip


def test_a_translation_is_read_in_its_language_and_the_original_elsewhere(
    statement: Statement, alice: User, bob: User
) -> None:
    published(statement, TEXT, by=bob, approver=alice)
    assert telling(statement.entries.all(), "en").news[0].now.entry.language == "da"
    published(
        statement, "Plastic in the coffee\n\nWe are sorry.", by=bob, approver=alice,
        form="TRANSLATION", language="en", about=1,
    )  # fmt: skip
    entries = list(statement.entries.all())
    assert telling(entries, "en").title == "Plastic in the coffee"
    assert telling(entries, "da").title == "Plastik i kaffen"
    assert len(telling(entries, "en").news) == 1


def test_the_network_withdraws_visibly_and_twice_is_once(
    statement: Statement, alice: User, bob: User
) -> None:
    entry = published(statement, TEXT, by=bob, approver=alice)
    publication = Publication.objects.get()
    publisher, _message = message_of(publication)
    publisher.retract(publication.external_id)
    publisher.retract(publication.external_id)
    withdrawn = StatementEntry.objects.exclude(pk=entry.pk).get()
    assert (withdrawn.form, withdrawn.about) == ("WITHDRAWAL", entry)


def test_after_the_closing_note_only_corrections_come(
    statement: Statement, alice: User, bob: User
) -> None:
    published(statement, TEXT, by=bob, approver=alice)
    published(statement, "Sagen er slut.", by=bob, approver=alice, form="CLOSING")
    statement.refresh_from_db()
    assert statement.closed_at
    now = timezone.now() - timedelta(minutes=1)
    draft = approved(statement, "Mere", Terms(), by=bob, approver=alice, now=now)
    publication = Publication.objects.get(version__draft=draft)
    Publication.objects.filter(pk=publication.pk).update(
        state=PublicationState.SENDING, sending_since=now
    )
    publisher, message = message_of(publication)
    with pytest.raises(PermanentError):
        publisher.publish(message)


def test_nothing_is_public_before_something_is_approved(
    statement: Statement, root: Path, bob: User
) -> None:
    write(statement.pk, title="t", text=TEXT, terms=Terms(), by=bob, now=timezone.now())
    assert export(statement.site_id, now=timezone.now())
    everything = b"".join(each.read_bytes() for each in root.rglob("*") if each.is_file())
    assert b"Statements by" in everything
    assert b"plastik-i-kaffen" not in everything
    assert not page(root, statement.site).exists()


def test_the_site_becomes_files_that_say_what_was_said(
    statement: Statement, root: Path, alice: User, bob: User, settings: object
) -> None:
    published(statement, TEXT + "\n\n<script>alert(1)</script> & æ", by=bob, approver=alice)
    assert export_due(now=timezone.now()) == 1
    folder = page(root, statement.site)
    html = (folder / "index.html").read_text()
    assert "<h1>Plastik i kaffen</h1>" in html
    assert "<li>Smid posen ud</li>" in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert " style=" not in html
    assert " on" + "click" not in html
    data, signature = (folder / "1/entry.json").read_bytes(), (folder / "1/entry.sig").read_bytes()
    key = StatementKey.objects.get()
    pem = (root / "s" / statement.site.slug / "keys" / f"{key.fingerprint}.pem").read_text()
    assert documents.verify(data, signature, pem)["number"] == 1
    assert key.fingerprint in html
    feed = json.loads((folder / "feed.json").read_text())
    assert feed["items"][0]["title"] == "Plastik i kaffen"
    assert "<title>Plastik i kaffen</title>" in (folder / "atom.xml").read_text()
    assert (folder / "index.html.br").exists()
    assert (folder / "en" / "index.html").exists()


def test_a_folder_that_was_lost_is_whole_again_and_an_unchanged_one_is_left_alone(
    statement: Statement, root: Path, alice: User, bob: User
) -> None:
    published(statement, TEXT, by=bob, approver=alice)
    now = timezone.now()
    assert export_due(now=now) == 1
    mark = (root / files.MARK).read_bytes()
    assert export_due(now=now) == 0
    later = now + timedelta(minutes=11)
    assert export_due(now=later) == 0
    assert (root / files.MARK).read_bytes() == mark
    (page(root, statement.site) / "index.html").unlink()
    assert export_due(now=later + timedelta(minutes=11)) == 1
    assert (page(root, statement.site) / "index.html").exists()


def test_a_new_key_signs_from_now_on_and_the_old_one_still_proves(
    statement: Statement, root: Path, alice: User, bob: User
) -> None:
    first = published(statement, TEXT, by=bob, approver=alice)
    boss = statement.site.brand.memberships.get(role="ADMINISTRATOR").user
    with pytest.raises(Forbidden):
        rotate_key(statement.site_id, by=bob, now=timezone.now())
    rotate_key(statement.site_id, by=boss, now=timezone.now())
    second = published(statement, "Mere nyt.", by=bob, approver=alice)
    assert first.key != second.key
    old = StatementKey.objects.get(pk=first.key_id)
    assert old.retired_at
    assert not bytes(old.sealed)
    documents.verify(first.document.encode(), bytes(first.signature), old.public_pem)
    documents.follows(json.loads(second.document), first.document.encode())
    export(statement.site_id, now=timezone.now())
    keys = root / "s" / statement.site.slug / "keys"
    assert {each.stem for each in keys.glob("*.pem")} == {
        old.fingerprint,
        second.key.fingerprint,
    }


def test_an_address_is_permanent_once_it_is_public(
    statement: Statement, incident: Incident, alice: User, bob: User
) -> None:
    prepare(incident.pk, slug="noget-andet", by=bob, now=timezone.now())
    published(Statement.objects.get(), TEXT, by=bob, approver=alice)
    with pytest.raises(Conflict):
        prepare(incident.pk, slug="plastik", by=bob, now=timezone.now())


@pytest.mark.parametrize("slug", ["", "../../etc", "Æbler", "keys", "7", "a--b", "x" * 61])
def test_an_address_that_cannot_be_is_refused(
    site: StatementSite, incident: Incident, bob: User, slug: str
) -> None:
    with pytest.raises(Refused):
        prepare(incident.pk, slug=slug, by=bob, now=timezone.now())


def test_a_drill_has_no_statement(site: StatementSite, incident: Incident, bob: User) -> None:
    Incident.objects.filter(pk=incident.pk).update(is_drill=True)
    with pytest.raises((Refused, Incident.DoesNotExist)):
        prepare(incident.pk, slug="x", by=bob, now=timezone.now())


def test_a_draft_that_says_nothing_of_the_page_is_an_update_in_its_main_language(
    site: StatementSite, incident: Incident, alice: User, bob: User
) -> None:
    now = timezone.now() - timedelta(minutes=1)
    draft = services.create_draft(
        incident.pk, title="t", text="Hej.", by=bob, account_ids=[site.account_id], now=now
    )
    services.submit(draft.pk, by=bob, now=now)
    services.approve(draft.pk, by=alice, sha256=draft.versions.get().sha256, now=now)
    Publication.objects.update(state=PublicationState.SENDING, sending_since=now)
    publisher, message = message_of(Publication.objects.get())
    publisher.publish(message)
    entry = StatementEntry.objects.get()
    assert (entry.form, entry.language) == ("UPDATE", "da")


def test_an_answer_to_one_post_is_no_statement(
    site: StatementSite, incident: Incident, alice: User, bob: User
) -> None:
    now = timezone.now() - timedelta(minutes=1)
    draft = services.create_draft(
        incident.pk, title="t", text="Hej Bo.", by=bob, account_ids=[site.account_id], now=now,
        reply_to={"id": 1, "external_id": "7", "author": "bo", "text": "?"},
    )  # fmt: skip
    services.submit(draft.pk, by=bob, now=now)
    services.approve(draft.pk, by=alice, sha256=draft.versions.get().sha256, now=now)
    Publication.objects.update(state=PublicationState.SENDING, sending_since=now)
    publisher, message = message_of(Publication.objects.get())
    with pytest.raises(PermanentError):
        publisher.publish(message)
    assert not StatementEntry.objects.exists()


def test_a_text_that_is_a_thread_elsewhere_stands_whole_on_the_page(
    site: StatementSite, incident: Incident, account: ConnectedAccount, alice: User, bob: User
) -> None:
    draft = services.create_draft(
        incident.pk,
        title="Recall",
        text="We are sorry.\n[/]\nDo not drink batch 7.",
        by=bob,
        account_ids=[site.account_id, account.pk],
        now=timezone.now(),
        thread=True,
    )
    services.submit(draft.pk, by=bob, now=timezone.now())
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())
    publish_due(now=timezone.now() + timedelta(minutes=1))

    assert StatementEntry.objects.get().text == "We are sorry.\n\nDo not drink batch 7."
    assert not Publication.objects.exclude(state=PublicationState.SENT).exists()
    assert SimulatedPost.objects.count() == 2


def test_an_image_is_signed_kept_and_exported_with_its_words(
    statement: Statement, root: Path, site: StatementSite, alice: User, bob: User
) -> None:
    now = timezone.now()
    draft = write(statement.pk, title="T", text="Se mærket.", terms=Terms(), by=bob, now=now)
    drawn = services.keep_image(draft.pk, picture(colour="blue"), by=bob, now=now)
    services.edit_draft(
        draft.pk, text="Se mærket.", base_version=1, images=[(drawn.sha256, "En blå dåse <7>")],
        by=bob, now=now,
    )  # fmt: skip
    services.submit(draft.pk, by=bob, now=now)
    draft.refresh_from_db()
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=now)
    publish_due(now=timezone.now() + timedelta(minutes=1))

    entry = StatementEntry.objects.get()
    signed = documents.verify(entry.document.encode(), bytes(entry.signature), entry.key.public_pem)
    assert (signed["version"], signed["images"][0]["sha256"]) == (2, drawn.sha256)
    StatementSite.objects.update(export_at=timezone.now())
    export_due(now=timezone.now())
    place = page(root, site) / "images" / f"{drawn.sha256}.{drawn.media_type[6:].replace('e', '')}"
    assert hashlib.sha256(place.read_bytes()).hexdigest() == drawn.sha256
    address = f"/images/{place.name}"
    for html in (page(root, site) / "index.html", page(root, site) / "1" / "index.html"):
        shown = html.read_text()
        assert address in shown
        assert 'alt="En blå dåse &lt;7&gt;" width="60" height="30"' in shown
        assert "<script" not in shown
    feed = json.loads((page(root, site) / "feed.json").read_text())
    assert feed["items"][0]["attachments"][0]["url"].endswith(address)
    served = serving.read(root, policy="", secure=False)
    found = next(each for name, each in served.items() if name.endswith(address))
    headers = dict(found.best(b"br").headers)
    assert headers[b"content-type"] == f"{drawn.media_type}".encode()
    assert b"immutable" in headers[b"cache-control"]


def test_an_image_of_the_page_never_changes_and_is_what_was_approved(
    statement: Statement, alice: User, bob: User
) -> None:
    image = StatementImage.objects.create(
        statement=statement, sha256=hashlib.sha256(b"x").hexdigest(), media_type="image/png",
        data=b"x",
    )  # fmt: skip
    for sql in (
        "UPDATE responses_statementimage SET data = 'y'",
        "DELETE FROM responses_statementimage",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    with pytest.raises(IntegrityError), transaction.atomic():
        StatementImage.objects.create(
            statement=statement, sha256=image.sha256[::-1], media_type="image/png", data=b"z"
        )
    draft = approved(statement, TEXT, Terms(), by=bob, approver=alice, now=timezone.now())
    publication = Publication.objects.get(version__draft=draft)
    Publication.objects.update(state=PublicationState.SENDING, sending_since=timezone.now())
    publisher, message = message_of(publication)
    extra = Picture(b"x", "image/png", "Not approved", 1, 1)
    with pytest.raises(PermanentError, match="not what was approved"):
        publisher.publish(replace(message, images=(extra,)))
    assert not StatementEntry.objects.exists()


def test_the_preview_shows_a_drafts_images_to_who_may_see_them(
    statement: Statement, signed_in: Callable[[User], Client], bob: User, charlie: User
) -> None:
    now = timezone.now()
    draft = write(statement.pk, title="T", text="Se mærket.", terms=Terms(), by=bob, now=now)
    drawn = services.keep_image(draft.pk, picture(colour="red"), by=bob, now=now)
    services.edit_draft(
        draft.pk, text="Se mærket.", base_version=1, images=[(drawn.sha256, "Rød")], by=bob, now=now
    )
    here = f"/i/{draft.incident.reference}/statement/"
    shown = signed_in(bob).get(f"{here}preview/?draft={draft.number}").content.decode()
    address = re.search(r'src="([^"]*/statement/images/[^"]+)"', shown).group(1)

    assert 'alt="Rød"' in shown
    assert signed_in(bob).get(address).content == bytes(drawn.data)
    assert signed_in(charlie).get(address).status_code == 404
    assert signed_in(bob).get(f"{here}images/").status_code == 404
