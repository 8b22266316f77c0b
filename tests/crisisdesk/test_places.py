"""Where the state goes, and that its addresses are the same for whoever asks."""

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from crisisdesk.embedded import keys, places
from crisisdesk.embedded.places import Account
from crisisdesk.settings import database

NOBODY = Account("nobody", *pwd.getpwnam("nobody")[2:4])


def test_addresses_lead_to_the_sockets_of_the_folder() -> None:
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o711)
        found = places.find(Path(home) / "var")
        parsed = database.parse(found.database_url)
    assert parsed["HOST"] == f"{home}/var/run"
    assert parsed["USER"] == "crisisdesk"
    assert found.redis_url == f"unix://{home}/var/run/valkey.sock"


def test_a_folder_is_reachable_if_every_folder_above_it_may_be_passed(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        inner = Path(home) / "inner"
        inner.mkdir(mode=0o711)
        Path(home).chmod(0o711)
        assert places.reachable(inner / "not yet there", NOBODY)
        Path(home).chmod(0o700)
        assert places.reachable(inner, NOBODY) is (os.getuid() == NOBODY.uid)


@pytest.mark.skipif(os.getuid() != 0, reason="only root runs the servers as somebody else")
def test_root_chooses_an_ordinary_account_and_keeps_to_the_datas_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o711)
        monkeypatch.setenv("CRISISDESK_SERVICE_USER", "nobody")
        found = places.find(Path(home))
        assert found.account == NOBODY
        found.cluster.mkdir(parents=True)
        daemon = pwd.getpwnam("daemon")
        os.chown(found.cluster, daemon.pw_uid, daemon.pw_gid)
        again = places.find(Path(home))
        assert again.account == Account("daemon", daemon.pw_uid, daemon.pw_gid)
        monkeypatch.setenv("CRISISDESK_SERVICE_USER", "root")
        assert places.find(Path(home) / "other").account is None


def test_a_secret_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    made = keys.kept(path)
    assert len(made) == 64
    assert keys.kept(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret_key"]


def test_secrets_differ(tmp_path: Path) -> None:
    assert keys.kept(tmp_path / "one") != keys.kept(tmp_path / "two")
