"""What the communication plan puts into the offline pack."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from accounts.models import Brand, User
from core.document import Bullets, Heading, Text
from incidents import pack_parts
from incidents.models import Incident
from responses.models_templates import StatementTemplate
from responses.plan import reading
from responses.services.plan import keeping, telling, templates

from .test_holding import HOLDING, approve, karl, ready, use, written  # noqa: F401 - fixtures
from .test_telling import write_order

# ruff: noqa: F811 - fixtures of another module
pytestmark = pytest.mark.django_db
VOICE = {
    "en": {"tone": "Calm and plain.", "values": ["Safety"], "do": ["Say we"], "dont": ["Blame"]},
    "da": {"tone": "Roligt.", "values": [], "do": ["Sig vi"], "dont": []},
}


def packed(incident: Incident) -> str:
    """All that the rooms above put into the pack, as text."""
    lines: list[str] = []
    for block in pack_parts.blocks(incident):
        if isinstance(block, Heading):
            lines.append(f"# {block.text}")
        elif isinstance(block, Text):
            lines.append(block.text)
        elif isinstance(block, Bullets):
            lines += [f"- {each}" for each in block.items]
    return "\n".join(lines)


def test_values_tone_do_and_dont_are_in_it_in_each_language(
    incident: Incident, brand: Brand, alice: User
) -> None:
    assert "Values and tone" not in packed(incident)
    base = reading.digest(reading.content_of(brand.pk), "voice")
    keeping.save_section(brand, keeping.Writing("voice", VOICE, base), by=alice, now=timezone.now())
    said = packed(incident)
    assert "# Values and tone (English)\nCalm and plain.\nValues\n- Safety" in said
    assert "What we do not\n- Blame" in said
    # What is empty has no heading of its own.
    danish = said[said.index("# Values and tone (Danish)") :].split("\n# ")[0]
    assert danish.startswith("# Values and tone (Danish)\nRoligt.\nWhat we do\n- Sig vi")
    assert "What we do not" not in danish


def test_the_order_of_telling_is_in_it_with_who_has_been_told(
    incident: Incident, alice: User, bob: User
) -> None:
    assert "Order of telling" not in packed(incident)
    write_order(incident.brand, alice)
    incident.detected_at = timezone.now()
    incident.save(update_fields=["detected_at"])
    telling.waive(incident.pk, "REGULATOR", reason="No data lost", by=bob, now=timezone.now())
    assert (
        "# Order of telling\n- Staff: Intranet, HR\n"
        "- Regulator: need not be told (No data lost)\n- The public: –\n" in packed(incident)
    )
    telling.mark_told(incident.pk, "STAFF", means="Mail", by=bob, now=timezone.now())
    assert "- Staff: Intranet, HR (told)" in packed(incident)


def test_approved_holding_statements_are_in_it_with_last_day_and_questions(
    incident: Incident, ready: StatementTemplate
) -> None:
    said = packed(incident)
    assert "# Holding statement: First word (to: The public)" in said
    assert "At {today} we know of trouble at {place}." in said
    assert "Last day: " in said
    assert "- Is anybody hurt?\n- Is it our fault?" in said


def test_one_that_is_unapproved_ended_used_or_put_away_is_not_in_it(
    incident: Incident, brand: Brand, ready: StatementTemplate, alice: User, bob: User, karl: User
) -> None:
    # The negative case: all that differs is the approval, the end, the use.
    assert "First word" in packed(incident)
    now = timezone.now()
    templates.save_template(brand, replace(HOLDING, name="Unapproved"), by=alice, now=now)
    soon = replace(HOLDING, name="Ended", expires_at=now + timedelta(seconds=1))
    ended = templates.save_template(brand, soon, by=alice, now=now - timedelta(hours=1))
    StatementTemplate.objects.filter(pk=ended.pk).update(retired_at=now)
    other = templates.save_template(brand, replace(HOLDING, name="Away"), by=alice, now=now)
    approve(other, karl)
    assert "Holding statement: Away" in packed(incident)
    templates.retire_template(other, by=alice, now=now)
    use(incident, ready, bob)
    said = packed(incident)
    for name in ("Unapproved", "Ended", "Away", "First word"):
        assert f"Holding statement: {name}" not in said


def test_the_pack_asks_the_database_no_more_for_many_statements(
    incident: Incident, brand: Brand, alice: User, karl: User,
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:  # fmt: skip
    for number in range(8):
        name = replace(HOLDING, name=f"Word {number}")
        approve(templates.save_template(brand, name, by=alice, now=timezone.now()), karl)
    with django_assert_max_num_queries(40), translation.override("en"):
        said = packed(incident)
    assert said.count("Holding statement:") == 8
