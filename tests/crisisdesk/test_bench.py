"""The figures say what was measured."""

import os
from pathlib import Path

import pytest

from bench import Figure, Measured, __main__, labels
from monitoring.scoring import TRAINED


def test_a_figure_that_names_what_was_measured_keeps_it_in_its_entry() -> None:
    figure = Figure("any", "MB", "<= 1", 3, lambda: Measured(1, 2))
    assert figure.entry(Measured(1, 2, "shipped model"))["note"] == "shipped model"
    assert figure.entry(Measured(1, 2))["note"] == ""


@pytest.mark.parametrize(
    ("about", "is_apart"),
    [
        ({"may_be_shipped": True}, True),
        ({"may_be_shipped": False}, False),
        ({"may_be_shipped": False, "held_out": False}, False),
        ({"may_be_shipped": False, "held_out": True}, True),
    ],
)
def test_a_model_is_not_measured_on_what_it_has_learned_from(
    about: dict[str, bool], is_apart: bool
) -> None:
    assert labels.apart(about) is is_apart


def test_the_model_that_was_trained_here_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else of a run is in a temporary folder, which holds no models."""
    monkeypatch.setenv("CRISISDESK_VAR", str(tmp_path))
    for name in ("SCORING_MODEL", "SCORING_SECOND"):
        monkeypatch.setenv(name, "")
    (tmp_path / TRAINED).write_bytes(b"a model")
    __main__._name_models()
    assert os.environ["SCORING_MODEL"] == str(tmp_path / TRAINED)
    assert os.environ["SCORING_SECOND"] == ""
