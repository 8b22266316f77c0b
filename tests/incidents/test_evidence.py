"""Files kept as evidence: what is taken, how it is shown, who had it in hand."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Refused
from incidents import services, sniffing, vault
from incidents.enums import Custody, EntryKind
from incidents.models import Incident
from incidents.models_evidence import EvidenceFile
from incidents.services import evidence
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

SignedIn = Callable[[User], Client]
WORDS = "Mail fra fabrikken: kæden er løs.".encode()


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand)


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **extra: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **extra)
    return out.getvalue()


def archive() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as packed:
        packed.writestr("word/document.xml", "<w/>")
    return out.getvalue()


def keep(incident: Incident, by: User, data: bytes = WORDS, name: str = "mail.txt") -> EvidenceFile:
    return evidence.add_file(incident.pk, BytesIO(data), name=name, note="x", by=by, now=NOON)


def status(client: Client, path: str) -> int:
    return client.get(path).status_code


def test_a_file_is_kept_with_its_digest_outside_the_web_root(
    incident: Incident, alice: User, media: Path
) -> None:
    kept = keep(incident, alice)
    assert kept.sha256 == sha256(WORDS).hexdigest()
    assert (kept.number, kept.size, kept.media_type) == (1, len(WORDS), "text/plain")
    lies = media / kept.stored
    assert lies.read_bytes() == WORDS
    assert "mail" not in kept.stored
    assert oct(lies.stat().st_mode)[-3:] == "600"
    entry = incident.entries.latest("number")
    assert (entry.kind, entry.params["sha256"]) == (EntryKind.FILE, kept.sha256)
    assert kept.entry == entry
    assert AuditEntry.objects.get(action="file.added").detail == {"sha256": kept.sha256}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (picture(), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (b"%PDF-1.7\n", "application/pdf"),
        (archive(), "application/zip"),
        (b"\0\0\0 ftypisom", "video/mp4"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        ("Blåbærgrød 🫐".encode(), "text/plain"),
        (b"<svg onload=alert(1)>", "text/plain"),
        (b"MZ\x90\0", ""),
        (b"\x7fELF\x02", ""),
        (b"#!/bin/sh\n", ""),
        (b"\0\1\2\3", ""),
        (b"\xff\xfe\xfd", ""),
    ],
)
def test_the_bytes_say_what_a_file_is(data: bytes, kind: str) -> None:
    assert sniffing.sniff(data).media_type == kind


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"", "tom.txt", "empty"),
        (b"MZ\x90\0", "faktura.pdf", "not taken"),
        (b"%PDF-1.7\n", "billede.png", "says otherwise"),
        (picture(), "dokument.pdf", "says otherwise"),
    ],
)
def test_what_is_not_what_it_seems_is_refused_and_leaves_nothing(
    incident: Incident, alice: User, media: Path, data: bytes, name: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        keep(incident, alice, data, name)
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_too_much_is_refused_and_leaves_nothing(
    incident: Incident, alice: User, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MOST_BYTES", 100)
    with pytest.raises(Refused, match="at most"):
        keep(incident, alice, b"a" * 101)
    monkeypatch.setattr(evidence, "QUOTA", 150)
    keep(incident, alice, b"a" * 100)
    with pytest.raises(Refused, match="together"):
        keep(incident, alice, b"a" * 51)
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ida\\kæde.txt", "kæde.txt"),
        ('a"b<c>\0\n.txt', "abc.txt"),
        ("...", "file"),
        ("\u202egnp.exe", "gnp.exe"),
    ],
)
def test_names_are_cleaned(incident: Incident, alice: User, given: str, kept: str) -> None:
    assert keep(incident, alice, name=given).name == kept


def test_a_picture_is_shown_as_drawn_anew_without_what_it_carried(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    tagged = Image.Exif()
    tagged[0x010E] = "Hemmelig note"
    data = picture("JPEG", (2000, 1000), exif=tagged)
    assert b"Hemmelig" in data
    kept = keep(incident, alice, data, "kæde.jpg")
    assert (kept.width, kept.height) == (2000, 1000)
    answer = signed_in(alice).get(f"/i/{incident.reference}/files/1/preview/")
    assert answer["Content-Type"] == "image/png"
    assert b"Hemmelig" not in answer.content
    assert Image.open(BytesIO(answer.content)).size == (1280, 640)


@pytest.mark.parametrize("broken", [picture()[:60], b"\x89PNG\r\n\x1a\n" + b"x" * 100])
def test_a_picture_that_cannot_be_read_is_kept_and_not_shown(
    incident: Incident, alice: User, signed_in: SignedIn, broken: bytes
) -> None:
    assert keep(incident, alice, broken, "kæde.png").width is None
    client = signed_in(alice)
    assert client.get(f"/i/{incident.reference}/files/1/preview/").status_code == 404
    assert status(client, f"/i/{incident.reference}/files/1/content/") == 200


def test_a_picture_of_too_many_pixels_is_not_drawn(
    incident: Incident, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "MOST_PIXELS", 100)
    assert keep(incident, alice, picture(), "a.png").width is None


def test_downloads_are_saved_never_run_and_noted(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    keep(incident, alice, b"<script>alert(1)</script>", "side.html")
    answer = signed_in(alice).get(f"/i/{incident.reference}/files/1/content/")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="side.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    deeds = list(EvidenceFile.objects.get().custody.values_list("deed", flat=True))
    assert deeds == [Custody.UPLOADED, Custody.FETCHED]


def test_a_digest_is_verified_and_a_changed_file_is_told(
    incident: Incident, alice: User, media: Path, signed_in: SignedIn
) -> None:
    kept = keep(incident, alice)
    assert evidence.verify(kept, by=alice, now=NOON)
    (media / kept.stored).write_bytes(b"Forfalsket")
    assert not evidence.verify(kept, by=alice, now=NOON)
    noted = kept.custody.latest("pk")
    assert (noted.deed, noted.note) == (Custody.BROKEN, sha256(b"Forfalsket").hexdigest())
    page = signed_in(alice).post(f"/i/{incident.reference}/files/1/verify/", follow=True)
    assert "Changed or gone" in page.content.decode()


def test_deleting_takes_the_bytes_and_leaves_the_proof(
    incident: Incident,
    alice: User,
    media: Path,
    django_capture_on_commit_callbacks: Callable,
) -> None:
    kept = keep(incident, alice, picture(), "a.png")
    with django_capture_on_commit_callbacks(execute=True):
        evidence.delete_file(kept.pk, by=alice, reason="Persondata", now=NOON)
    assert [path for path in media.rglob("*") if path.is_file()] == []
    kept.refresh_from_db()
    assert kept.sha256 == sha256(picture()).hexdigest()
    assert kept.custody.latest("pk").note == "Persondata"
    with pytest.raises(Conflict):
        evidence.delete_file(kept.pk, by=alice, reason="Igen", now=NOON)
    with pytest.raises(Conflict):
        evidence.fetch(kept, by=alice, now=NOON)


def test_what_a_dead_process_left_is_swept_and_what_is_kept_is_not(
    incident: Incident, alice: User, media: Path
) -> None:
    kept = keep(incident, alice, picture(), "a.png")
    orphan = vault.lay([b"x"])
    from django.utils import timezone

    assert evidence.sweep_orphans(timezone.now()) == 0
    assert evidence.sweep_orphans(timezone.now() + timedelta(hours=2)) == 1
    assert not vault.place(orphan.stored).exists()
    assert vault.place(kept.stored).exists()
    assert vault.place(kept.stored + vault.PREVIEW_ENDING).exists()


def test_files_of_a_private_incident_are_not_there_for_others(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    keep(incident, alice, picture(), "a.png")
    paths = [f"/i/{incident.reference}/files/1/{end}" for end in ("", "content/", "preview/")]
    paths += [f"/api/v1/incidents/{incident.reference}/files/{end}" for end in ("", "1/")]
    paths.append(f"/api/v1/incidents/{incident.reference}/files/1/content/")
    assert all(status(signed_in(bob), path) == 200 for path in paths)
    services.make_private(incident.pk, people=[], by=alice, reason="Jura", now=NOON)
    assert all(status(signed_in(bob), path) == 404 for path in paths)
    assert all(status(signed_in(alice), path) == 200 for path in paths)


def test_files_are_added_and_deleted_on_the_page_and_over_the_api(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(alice), f"/api/v1/incidents/{incident.reference}/files/"
    upload = SimpleUploadedFile("mail.txt", WORDS)
    client.post(f"/i/{incident.reference}/files/", {"file": upload, "note": "Fra fabrikken"})
    panel = client.get(f"/i/{incident.reference}/files/").content.decode()
    assert "Fra fabrikken" in panel
    assert sha256(WORDS).hexdigest()[:16] in panel
    answer = client.post(path, {"file": SimpleUploadedFile("b.txt", b"b"), "note": ""})
    assert answer.status_code == 201
    assert client.post(path, {"file": SimpleUploadedFile("b.exe", b"MZ")}).status_code == 422
    assert client.post(f"{path}2/verify/").json() == {"unchanged": True}
    reason = {"reason": "Dublet"}
    deleted = client.post(f"{path}2/delete/", reason, content_type="application/json").json()
    assert deleted["deleted_at"]
    assert [each["deed"] for each in deleted["custody"]] == ["UPLOADED", "VERIFIED", "DELETED"]
    assert client.get(f"{path}2/content/").status_code == 409


# --- From where one writes ----------------------------------------------------------------------

HTMX: Any = {"headers": {"HX-Request": "true"}}


def test_what_is_pasted_into_the_room_is_kept_and_shown_in_its_line(
    incident: Incident, bob: User, signed_in: SignedIn
) -> None:
    client, room = signed_in(bob), f"/i/{incident.reference}/"
    pasted = SimpleUploadedFile("image.png", picture(), "image/png")
    words = SimpleUploadedFile("mail.txt", WORDS)
    response = client.post(f"{room}attach/", {"file": [pasted, words]}, **HTMX)
    assert response.status_code == 200
    assert "Kept as evidence: image.png" in response.content.decode()
    assert "cd:timeline" in response["HX-Trigger"]
    one, two = incident.files.order_by("number")
    assert one.sha256 == sha256(picture()).hexdigest()
    html = client.get(f"{room}?part=entries", **HTMX).content.decode()
    assert f'src="{room}files/{one.number}/preview/"' in html
    assert f'href="{room}files/{two.number}/"' in html
    assert 'id="say-file"' in client.get(room).content.decode()


def test_a_refusal_is_said_where_one_writes(
    incident: Incident, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(bob), f"/i/{incident.reference}/attach/"
    program = SimpleUploadedFile("tool.png", b"MZ" + bytes(2))
    good = SimpleUploadedFile("image.png", picture(), "image/png")
    response = client.post(path, {"file": [good, program]}, **HTMX)
    assert response.status_code == 422
    html = response.content.decode()
    assert "This kind of file is not taken" in html
    assert "Kept as evidence: image.png" in html
    assert incident.files.count() == 1
    assert "Choose a file first." in client.post(path, {}, **HTMX).content.decode()
    assert signed_in(charlie).post(path, {"file": good}, **HTMX).status_code == 404
    plain = SimpleUploadedFile("again.png", picture(), "image/png")
    assert client.post(path, {"file": plain}).status_code == 302
    assert incident.files.count() == 2


def test_who_only_reads_attaches_nothing(
    incident: Incident, brand: Brand, signed_in: SignedIn
) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    client, room = signed_in(observer), f"/i/{incident.reference}/"
    assert 'id="say-file"' not in client.get(room).content.decode()
    sent = {"file": SimpleUploadedFile("image.png", picture(), "image/png")}
    assert client.post(f"{room}attach/", sent, **HTMX).status_code == 403
    assert not incident.files.exists()
