"""The plans that come with CrisisDesk: whole, alike in both languages, fit to be published."""

import pytest

from incidents import plan_shape, ready
from incidents.enums import IncidentRole, PlanKind

LANGUAGES = ("en", "da")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PlanKind)
def test_each_ready_plan_is_whole(kind: PlanKind, language: str) -> None:
    made = ready.plan(kind, language)
    content = plan_shape.checked(made.content)
    assert content["about"]
    assert bool(made.name) == (kind != PlanKind.OWN)
    assert len(content["tasks"]) >= 9
    assert {row["role"] for row in content["roles"]} >= {"LEAD", "COMMS", "SCRIBE", "SPONSOR"}
    assert len(content["messages"]) >= 3 <= len(content["channels"])
    assert len(content["never"]) >= 2
    assert all(content["matrix"]["harm"]["guide"])
    assert all(row["duty"] for row in content["roles"])
    # Checking changes nothing: no text was cut, no key was made up.
    assert plan_shape.checked(content) == content
    assert [row["title"] for row in content["tasks"]] == [
        row["title"] for row in made.content["tasks"]
    ]


@pytest.mark.parametrize("kind", PlanKind)
def test_both_languages_say_the_same_of_everything_but_words(kind: PlanKind) -> None:
    english, danish = (plan_shape.checked(ready.plan(kind, each).content) for each in LANGUAGES)
    bones = ("key", "role", "due", "from", "personal_data")
    for one, other in zip(english["tasks"], danish["tasks"], strict=True):
        assert {name: one[name] for name in bones} == {name: other[name] for name in bones}
        assert one["title"] != other["title"]
        assert bool(one["detail"]) == bool(other["detail"])
    assert english["times"] == danish["times"]
    assert len(english["messages"]) == len(danish["messages"])
    assert [row["role"] for row in english["roles"]] == [row["role"] for row in danish["roles"]]


@pytest.mark.parametrize("kind", PlanKind)
def test_every_task_falls_to_a_role_that_is_filled_by_then(kind: PlanKind) -> None:
    content = plan_shape.checked(ready.plan(kind, "en").content)
    filled = {row["role"]: row["from"] for row in content["roles"]}
    for task in content["tasks"]:
        assert task["from"] <= filled[IncidentRole(task["role"])], task["title"]


def test_the_graver_the_sooner_in_every_plan() -> None:
    for kind in PlanKind:
        times = plan_shape.checked(ready.plan(kind, "en").content)["times"]
        responds = [times[level]["respond"] for level in "1234"]
        assert responds == sorted(responds), kind


def test_every_crisis_type_that_is_detected_has_a_plan() -> None:
    assert set(plan_shape.KINDS.values()) == set(PlanKind) - {
        PlanKind.EMPLOYEE_CONDUCT,
        PlanKind.OWN,
    }
