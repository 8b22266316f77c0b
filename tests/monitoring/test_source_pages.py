import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from monitoring.enums import ImportState, SourceKind
from monitoring.models import FileImport, Mention, Query, Source
from monitoring.services import imports, sources
from tests.factories.monitoring import SourceFactory
from tests.peer import Answer, Peer, peer

SignIn = Callable[[User], Client]
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
RSS = (
    "<rss version='2.0'><channel><title>News</title><item><guid>1</guid>"
    "<title>&lt;script&gt;alert(1)&lt;/script&gt; Fjordkaffe</title></item></channel></rss>"
)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def admin(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


@pytest.fixture
def server(settings: Any) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with peer() as served:
        served.answers["/feed"] = Answer(RSS.encode())
        yield served


@pytest.fixture
def hook(brand: Brand) -> Source:
    return sources.create_source(
        brand, kind=SourceKind.WEBHOOK, name="Hook", config={}, by=None, now=NOW
    ).source


@pytest.fixture
def files(brand: Brand) -> Source:
    return SourceFactory.create(brand=brand, kind=SourceKind.FILE, name="Exports")


def page(client: Client, address: str, **data: Any) -> str:
    answer = client.post(address, data, follow=True) if data else client.get(address)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_the_list_shows_each_source_with_its_health(
    hook: Source, other_brand: Brand, bob: User, signed_in: SignIn
) -> None:
    SourceFactory.create(brand=other_brand, name="Secret of Nordlys")
    Source.objects.filter(pk=hook.pk).update(failures=2, error="Check the address.")
    shown = page(signed_in(bob), "/settings/sources/")
    assert "Hook" in shown
    assert "Failing" in shown
    assert "Check the address." in shown
    assert "Nordlys" not in shown
    assert "New source" not in shown


def test_the_list_costs_the_same_for_one_and_for_many(
    hook: Source, bob: User, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(bob)
    page(client, "/settings/sources/")
    for _ in range(20):
        SourceFactory.create(brand=hook.brand)
    with django_assert_max_num_queries(8):
        page(client, "/settings/sources/")


@pytest.mark.parametrize(
    "address", ["", "try/", "pause/", "secret/", "upload/"], ids=lambda each: each or "page"
)
def test_a_stranger_gets_404_and_a_member_without_the_right_403(
    hook: Source, bob: User, charlie: User, signed_in: SignIn, address: str
) -> None:
    url = f"/settings/sources/{hook.pk}/{address}"
    assert signed_in(charlie).post(url, {}).status_code == 404
    assert signed_in(bob).post(url, {}).status_code == 403
    assert Client().post(url, {}).status_code == 302


def test_a_member_sees_a_source_without_its_settings(
    hook: Source, bob: User, signed_in: SignIn
) -> None:
    shown = page(signed_in(bob), f"/settings/sources/{hook.pk}/")
    assert str(hook.public_id) in shown
    assert "Settings of the source" not in shown


def test_a_feed_is_tried_and_then_added(
    brand: Brand, admin: User, server: Peer, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    assert "Which kind of source?" in page(client, "/settings/sources/new/")
    new = "/settings/sources/new/?kind=feed&brand=fjordkaffe"
    form = {"name": "News", "url": server.url + "/feed", "poll_every": "600", "match": "on"}
    tried = page(client, new, **form, **{"try": "1"})
    assert "The connection works" in tried
    assert "&lt;script&gt;" in tried or "Fjordkaffe" in tried
    assert "<script>alert" not in tried
    assert not Source.objects.exists()
    server.answers["/feed"] = Answer(status=404)
    assert "nothing at this address" in page(client, new, **form, **{"try": "1"})
    page(client, new, **form)
    made = Source.objects.get()
    assert made.config == {"match": True, "url": server.url + "/feed"}
    assert made.poll_every == 600
    assert "already a source named News" in page(client, new, **form)


def test_an_address_that_is_none_is_refused_beside_the_form(
    brand: Brand, admin: User, signed_in: SignIn
) -> None:
    new = "/settings/sources/new/?kind=feed&brand=fjordkaffe"
    form = {"name": "News", "url": "javascript:alert(1)", "poll_every": "600"}
    assert "must begin with https://" in page(signed_in(admin), new, **form)
    assert not Source.objects.exists()


def test_a_webhooks_secret_is_shown_once(brand: Brand, admin: User, signed_in: SignIn) -> None:
    client = signed_in(admin)
    new = "/settings/sources/new/?kind=webhook&brand=fjordkaffe"
    shown = page(client, new, name="Hook")
    [secret] = sources.secrets(Source.objects.get(), now=datetime.now(UTC))
    assert secret in shown
    address = f"/settings/sources/{Source.objects.get().pk}/"
    assert secret not in page(client, address)
    rotated = page(client, address + "secret/", go="1")
    newest, older = sources.secrets(Source.objects.get(), now=datetime.now(UTC))
    assert older == secret
    assert newest in rotated
    assert secret not in rotated


def test_nobody_without_the_right_adds_a_source(brand: Brand, bob: User, signed_in: SignIn) -> None:
    assert signed_in(bob).get("/settings/sources/new/").status_code == 403


def test_a_source_is_edited_paused_and_goes_on(
    hook: Source, admin: User, signed_in: SignIn
) -> None:
    client, address = signed_in(admin), f"/settings/sources/{hook.pk}/"
    page(client, address, name="Hooks", network="Forum")
    hook.refresh_from_db()
    assert hook.name == "Hooks"
    assert (hook.config["match"], hook.config["network"]) == (False, "forum")
    page(client, address + "pause/", go="1")
    assert not Source.objects.get().is_active
    page(client, address + "pause/", active="1")
    assert Source.objects.get().is_active


def test_words_are_kept_one_a_line(brand: Brand, admin: User, signed_in: SignIn) -> None:
    address = "/settings/sources/words/fjordkaffe/"
    page(signed_in(admin), address, any_of=" Fjordkaffe \n\nfjord kaffe\nFjordkaffe", none_of="x")
    query = Query.objects.get()
    assert query.expression == '("Fjordkaffe" OR "fjord kaffe") NOT "x"'
    shown = page(signed_in(admin), address)
    assert "fjord kaffe\n" in shown or "fjord kaffe</textarea>" in shown
    assert "longer than" in page(signed_in(admin), address, any_of="x" * 500)


def upload(client: Client, source: Source, content: bytes, name: str = "export.csv") -> str:
    file = SimpleUploadedFile(name, content)
    answer = client.post(f"/settings/sources/{source.pk}/upload/", {"file": file}, follow=True)
    return answer.content.decode()


def test_a_file_is_uploaded_mapped_and_imported(
    files: Source, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    shown = upload(client, files, "Besked;Navn;x\nØl er godt;Åse;<b>\n;Bo;1\n".encode())
    assert "Which column is what?" in shown
    assert "&lt;b&gt;" in shown
    row = FileImport.objects.get()
    address = f"/settings/imports/{row.pk}/"
    again = page(client, address, text="", author="Navn", published_at="-")

    assert "holds the text" in again
    done = page(client, address, text="Besked", author="Navn", published_at="-")
    row.refresh_from_db()
    assert row.state == ImportState.DONE
    assert Mention.objects.get().author == "Åse"
    assert "There is no text." in done
    assert "hx-get" not in done.split('id="progress"')[1].split("</section>")[0]


def test_a_file_without_times_must_be_said_to_have_none(
    files: Source, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    upload(client, files, "Besked;Hvornaar\nØl er godt;2026-11-20T10:00:00Z\n".encode())
    row = FileImport.objects.get()
    assert row.mapping == {"text": "Besked", "published_at": "Hvornaar"}
    shown = page(client, f"/settings/imports/{row.pk}/", text="Besked", published_at="")
    assert "all mentions count as new" in shown
    row.refresh_from_db()
    assert row.state == ImportState.UPLOADED
    page(client, f"/settings/imports/{row.pk}/", text="Besked", published_at="Hvornaar")
    assert Mention.objects.get().published_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_what_is_no_table_is_refused_with_words(
    files: Source, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    assert "one object per line" in upload(client, files, b'[{"text": "a"}]')
    assert "Choose a file" in upload(client, files, b"")
    assert not FileImport.objects.exists()


def test_an_import_that_waits_says_so_and_asks_again_by_itself(
    files: Source, admin: User, signed_in: SignIn
) -> None:
    upload(signed_in(admin), files, b"text\nhello\n")
    row = imports.start(FileImport.objects.get(), columns={"text": "text"}, by=None)
    shown = page(signed_in(admin), f"/settings/imports/{row.pk}/")
    assert "It waits for a free worker" in shown
    part = page(signed_in(admin), f"/settings/imports/{row.pk}/progress/")
    assert part.strip().startswith("<section")
    assert 'hx-trigger="every 2s"' in part


def test_the_report_is_a_table_that_no_spreadsheet_runs(
    files: Source, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    upload(client, files, b'text,"=cmd|x"\nhello,soon\n')
    row = FileImport.objects.get()
    page(client, f"/settings/imports/{row.pk}/", text="text", published_at="=cmd|x")
    answer = client.get(f"/settings/imports/{row.pk}/refused.csv")
    text = b"".join(answer).decode("utf-8-sig")  # type: ignore[call-overload]
    assert list(csv.reader(io.StringIO(text)))[1][:2] == ["2", "'=cmd|x"]
    assert "attachment" in answer["Content-Disposition"]


def test_imports_are_for_who_manages_the_brand(
    files: Source, admin: User, bob: User, charlie: User, signed_in: SignIn
) -> None:
    upload(signed_in(admin), files, b"text\nhello\n")
    for part in ("", "progress/", "refused.csv"):
        address = f"/settings/imports/{FileImport.objects.get().pk}/{part}"
        assert signed_in(admin).get(address).status_code == 200
        assert signed_in(bob).get(address).status_code == 403
        assert signed_in(charlie).get(address).status_code == 404
