"""What leaves the war room: one page, one signed file, a wall."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core import attesting
from core.clock import database_now
from core.errors import Refused
from incidents import services
from incidents.models import Incident
from incidents.models_packs import OfflinePack, WallLink
from incidents.services import packs, walls
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory

SignedIn = Callable[[User], Client]
PHONE = "+45 12 34 56 78"


@pytest.fixture
def incident(brand: Brand, alice: User, bob: User) -> Incident:
    now = database_now()
    User.objects.filter(pk=bob.pk).update(phone=PHONE)
    made = IncidentFactory.create(brand=brand, detected_at=now, began_at=now)
    services.add_decision(made.pk, by=alice, text="Withdraw batch L24", now=now)
    services.write_line(made, "/fact It is <b>glass</b> | lab", by=alice, now=now)
    made.refresh_from_db()
    return made


def made_now(incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(pack_at=database_now())
    while packs.make_next(now=database_now()):
        pass


@pytest.mark.parametrize("language", ["en", "da"])
def test_the_report_is_one_page_however_much_has_happened(
    incident: Incident, alice: User, signed_in: SignedIn, language: str
) -> None:
    now = database_now()
    for number in range(40):
        text = f"Claim {number} " + "which is long and has many words in it " * 12
        services.write_line(incident, f"/fact {text}", by=alice, now=now)
        services.add_task(incident.pk, title=f"Do {number} " + "x" * 180, by=alice, now=now)
        services.add_decision(incident.pk, by=alice, text=text, now=now)
    answer = signed_in(alice).get(f"/i/{incident.reference}/report/?language={language}")
    assert answer["Content-Type"] == "application/pdf"
    assert len(packs._PAGE.findall(answer.content)) == 1
    assert f"-{language}.pdf" in answer["Content-Disposition"]


def test_report_pack_and_wall_are_for_those_who_see_the_incident(
    incident: Incident, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    start = f"/i/{incident.reference}/"
    for page in ("report/", "pack/", "wall/"):
        assert signed_in(alice).get(start + page).status_code == 200
        assert signed_in(charlie).get(start + page).status_code == 404
        assert Client().get(start + page).status_code == 302


def test_a_change_makes_the_pack_anew_and_several_make_it_once(
    incident: Incident, alice: User
) -> None:
    first = Incident.objects.get(pk=incident.pk).pack_at
    assert first is not None
    services.add_note(incident.pk, by=alice, text="more", now=database_now())
    assert Incident.objects.get(pk=incident.pk).pack_at == first
    assert not packs.make_next(now=first - timedelta(seconds=1))
    assert packs.make_next(now=first)
    assert Incident.objects.get(pk=incident.pk).pack_at is None
    assert OfflinePack.objects.count() == 4
    assert not packs.make_next(now=first + timedelta(hours=1))


def test_a_change_while_the_pack_is_being_made_is_not_lost(
    incident: Incident, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_now(incident)
    Incident.objects.filter(pk=incident.pk).update(pack_at=database_now())
    written = packs.make_packs

    def interrupted(found: Incident, *, now: object) -> None:
        written(found, now=now)  # type: ignore[arg-type]
        services.add_note(found.pk, by=alice, text="Meanwhile", now=database_now())

    monkeypatch.setattr(packs, "make_packs", interrupted)
    packs.make_next(now=database_now())
    monkeypatch.undo()
    due = Incident.objects.get(pk=incident.pk).pack_at
    assert due is not None
    assert packs.make_next(now=due)
    assert b"Meanwhile" in bytes(OfflinePack.objects.first().file)  # type: ignore[union-attr]


def test_a_maker_that_died_is_followed_by_another(incident: Incident) -> None:
    now = database_now()
    Incident.objects.filter(pk=incident.pk).update(pack_at=now)
    assert packs._claim(now, now + packs.LEASE) == incident
    assert not packs.make_next(now=now)
    assert packs.make_next(now=now + packs.LEASE)
    assert OfflinePack.objects.count() == 4


def test_contacts_are_in_the_pack_of_those_who_work_there_alone(
    incident: Incident, alice: User, brand: Brand, signed_in: SignedIn
) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    made_now(incident)
    path = f"/i/{incident.reference}/pack/?language=en"
    hers, theirs = signed_in(alice).get(path), signed_in(observer).get(path)
    assert PHONE in hers.content.decode()
    assert PHONE not in theirs.content.decode()
    for answer in (hers, theirs):
        page = answer.content.decode()
        assert "Withdraw batch L24" in page
        assert "&lt;b&gt;glass&lt;/b&gt;" in page
        assert "<script" not in page
        assert "attachment" in answer["Content-Disposition"]


def test_a_signature_holds_for_these_bytes_and_this_desk_alone(settings: object) -> None:
    signed = attesting.attest(b"<html>What we know</html>")
    assert attesting.examine(signed).is_ours
    assert not attesting.examine(signed.replace(b"What", b"that")).is_ours
    assert not attesting.examine(signed + b"<p>more</p>").is_ours
    assert not attesting.examine(b"<html></html>").is_signed
    assert attesting.examine(attesting.attest(signed)).is_ours
    settings.CREDENTIAL_KEYS = ["A" * 43 + "="]  # type: ignore[attr-defined]
    assert not attesting.examine(signed).is_ours


def test_a_pack_is_checked_by_command_and_on_a_page(
    incident: Incident, alice: User, signed_in: SignedIn, tmp_path: Path
) -> None:
    body = signed_in(alice).get(f"/i/{incident.reference}/pack/?language=en").content
    good, bad = tmp_path / "good.html", tmp_path / "bad.html"
    good.write_bytes(body)
    bad.write_bytes(body.replace(b"Withdraw", b"Sell all"))
    call_command("check_pack", str(good))
    with pytest.raises(CommandError):
        call_command("check_pack", str(good), str(bad))

    def checked(file: Path) -> str:
        upload = SimpleUploadedFile(file.name, file.read_bytes())
        return signed_in(alice).post("/packs/", {"file": upload}).content.decode()

    assert "good.html comes from this CrisisDesk and is unchanged" in checked(good)
    assert "It is the newest." in checked(good)
    assert "bad.html was changed" in checked(bad)


def test_the_wall_opens_by_a_secret_address_until_it_is_taken_back(
    incident: Incident, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    path = f"/i/{incident.reference}/screens/"
    page = signed_in(alice).post(path, {"place": "Lobby"}).content.decode()
    address = page.split("<code")[1].split(">")[1].split("<")[0].split("testserver")[1]
    shown = Client().get(address)
    assert shown.status_code == 200
    wall = shown.content.decode()
    assert "It is &lt;b&gt;glass&lt;/b&gt;" in wall
    assert PHONE not in wall
    assert "<form" not in wall
    assert f"/i/{incident.reference}" not in wall
    assert shown["Referrer-Policy"] == "no-referrer"
    assert WallLink.objects.get().sha256 not in wall
    link = WallLink.objects.get()
    assert signed_in(charlie).post(f"{path}{link.pk}/close/").status_code == 404
    assert signed_in(charlie).post(path).status_code == 404
    assert Client().get(address).status_code == 200
    signed_in(alice).post(f"{path}{link.pk}/close/")
    assert Client().get(address).status_code == 404
    assert AuditEntry.objects.filter(action__startswith="wall.").count() == 2


def test_an_address_ends_by_itself_and_with_the_incident_becoming_private(
    incident: Incident, alice: User
) -> None:
    now = database_now()
    _link, token = walls.open_wall(incident.pk, place="", language="en", by=alice, now=now)
    assert walls.shown_by(token, now=now)
    assert not walls.shown_by(token, now=now + walls.LASTS)
    Incident.objects.filter(pk=incident.pk).update(is_private=True)
    assert not walls.shown_by(token, now=now)
    with pytest.raises(Refused, match="private"):
        walls.open_wall(incident.pk, place="", language="en", by=alice, now=now)


def test_no_more_than_five_screens_are_open_at_once(incident: Incident, alice: User) -> None:
    now = database_now()
    for _screen in range(walls.MOST):
        walls.open_wall(incident.pk, place="", language="en", by=alice, now=now)
    with pytest.raises(Refused, match="At most 5 screens"):
        walls.open_wall(incident.pk, place="", language="en", by=alice, now=now)
