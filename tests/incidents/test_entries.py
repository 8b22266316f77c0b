from collections.abc import Iterator

import pytest
from django.utils import translation

from incidents import entries
from incidents.enums import EntryKind


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("kind", "params", "text", "expected"),
    [
        ("OPENED", {"code": "person"}, "", "Bob Berg declared the incident."),
        (
            "SIGNAL",
            {"code": "VOLUME", "value": 1412.0, "ratio": 6.1, "negative_share": 0.714},
            "",
            "1,412 mentions in 5 minutes, 6.1 times the expected maximum. 71% negative.",
        ),
        ("CALLED", {"step": 2, "people": ["Ada"]}, "", "Escalation step 2: Ada called."),
        (
            "CALLED",
            {"step": 1, "people": list("ABCDE")},
            "",
            "Escalation step 1: A, B, C and 2 more called.",
        ),
        (
            "CALLED",
            {"code": "everyone", "people": []},
            "",
            "Nobody can be called: no member may run an incident.",
        ),
        ("ACKNOWLEDGED", {"after": 184}, "", "Bob Berg acknowledged after 3 min 04 s."),
        (
            "STATE",
            {"before": "ACKNOWLEDGED", "after": "RESPONDING"},
            "",
            "Bob Berg set the status from Acknowledged to Responding.",
        ),
        (
            "SEVERITY",
            {"before": 2, "after": 1},
            "Children.",
            "Bob Berg raised SEV2 to SEV1. Reason: Children.",
        ),
        (
            "SEVERITY",
            {"before": 1, "after": 3},
            "100% calm",
            "Bob Berg lowered SEV1 to SEV3. Reason: 100% calm",
        ),
        ("TASK", {"title": "Call", "owner": "Ada"}, "", "Bob Berg gave Ada the task “Call”."),
        ("TASK", {"title": "Call", "owner": ""}, "", "Bob Berg added the task “Call”."),
        ("NOTE", {}, "50% <b>done</b>", "50% <b>done</b>"),
    ],
)
def test_an_entry_is_told_in_words(kind: str, params: dict, text: str, expected: str) -> None:
    assert entries.words(kind, params, actor="Bob Berg", text=text) == expected


def test_without_an_actor_it_was_the_desk() -> None:
    assert entries.words("LEAD", {}) == "CrisisDesk took the lead."


def test_every_kind_can_be_told_even_with_a_code_of_a_later_version() -> None:
    assert entries.words("OPENED", {"code": "by a comet"}) == "Opened"
    assert entries.words("PUBLICATION", {"code": "unheard"}, text="kept") == "kept"


def test_a_figure_that_an_old_entry_lacks_leaves_a_dash() -> None:
    entries.register(EntryKind.APPROVAL, "test", "%(actor)s approved version %(version)s.")
    said = entries.words("APPROVAL", {"code": "test"}, actor="Ada")
    assert said == "Ada approved version –."


def test_a_room_above_cannot_tell_an_entry_that_is_told_already() -> None:
    with pytest.raises(ValueError, match="told twice"):
        entries.register(EntryKind.LEAD, "", "Somebody took the lead.")
