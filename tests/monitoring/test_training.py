"""`manage.py train`: what it refuses, and what it does not do twice. The training itself takes an
hour and texts that are not part of the project; docs/scoring.md has its figures."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from monitoring.scoring import TRAINED
from monitoring.scoring.second import TRAINED as SECOND

STEPS = ("adapters.npz", "taught.npz", TRAINED, SECOND)


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()
    for name in ("sentiment", "lexicons"):
        (tmp_path / "data" / name).mkdir(parents=True)
    return tmp_path / "data"


def test_a_folder_that_holds_no_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no folders sentiment/ and lexicons/"):
        call_command("train", tmp_path)


def test_going_on_keeps_what_is_finished(data: Path, settings: Settings) -> None:
    for name in STEPS:
        (settings.VAR_DIR / name).write_bytes(b"finished")
    call_command("train", data, second=True, go_on=True)
    assert [(settings.VAR_DIR / name).read_bytes() for name in STEPS] == [b"finished"] * 4


def test_the_first_step_that_fails_ends_it_with_words(data: Path, settings: Settings) -> None:
    """The texts are not there: the tool fails, and no model is put in place."""
    (settings.VAR_DIR / "adapters.npz").write_bytes(b"finished")
    with pytest.raises(CommandError, match=r"tools/teach\.py failed"):
        call_command("train", data, second=True, go_on=True)
    assert not (settings.VAR_DIR / TRAINED).exists()
