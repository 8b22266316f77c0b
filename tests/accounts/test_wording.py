"""Every action that is written to the audit trail has words."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from accounts.wording import (
    ACTIONS,
    action_in_words,
    detail_in_words,
    register_actions,
    register_codes,
)
from incidents.enums import Severity

ROOMS = (
    "accounts",
    "connectors",
    "monitoring",
    "incidents",
    "responses",
    "reviews",
    "training",
    "drills",
)
WRITTEN = re.compile(r'\b(?:audit\.|_)record\(\s*"([a-z_]+\.[a-z_]+)"')


def written() -> set[str]:
    sources = (path for room in ROOMS for path in Path(settings.BASE_DIR, room).rglob("*.py"))
    return {action for source in sources for action in WRITTEN.findall(source.read_text())}


def test_whatever_the_code_writes_has_words() -> None:
    assert {"brand.created", "incident.opened", "lesson.added"} <= written()
    assert written() - ACTIONS.keys() == set()


def test_an_action_of_another_version_is_shown_as_it_is() -> None:
    assert action_in_words("thing.unheard_of") == "thing.unheard_of"


def test_an_action_gets_its_words_once() -> None:
    with pytest.raises(ValueError, match=r"brand\.created"):
        register_actions({"brand.created": "again"})


def test_details_are_facts_behind_their_names() -> None:
    with translation.override("da"):
        said = detail_in_words("thing.done", {"before": 2, "unheard_of": "x"})
        assert said == "før: 2; unheard_of: x"


def test_codes_are_said_in_words() -> None:
    with translation.override("da"):
        said = detail_in_words("member.role", {"before": "LEAD", "after": "OBSERVER"})
        assert said == "før: Leder; efter: Observatør"
        assert detail_in_words("incident.severity", {"before": 2, "after": 1}) == (
            f"før: {Severity.SEV2.label}; efter: {Severity.SEV1.label}"
        )
        assert detail_in_words("incident.state", {"after": "OF_LATER"}) == "efter: OF_LATER"


def test_codes_are_registered_once() -> None:
    with pytest.raises(ValueError, match=r"member\.role"):
        register_codes({("member.role", "after"): Severity})
