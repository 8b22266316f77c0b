"""A decided posture is told in the reader's language, whoever decided it in which."""

import pytest
from django.utils import timezone, translation

from accounts.models import User
from incidents import entries
from incidents.models import Incident
from responses.services.strategy import decide

from .test_strategy_pages import asked

pytestmark = pytest.mark.django_db


def test_the_sentence_of_a_decision_is_in_the_readers_language(
    incident: Incident, bob: User
) -> None:
    given = asked(incident, bob)
    with translation.override("da"):
        decide(incident.pk, given.posture, base=1, by=bob, now=timezone.now())
    decision = incident.decisions.select_related("entry").get()
    told = {}
    for language in ("da", "en"):
        with translation.override(language):
            told[language] = entries.decided(decision)
    assert told["en"].endswith(", as the strategy advisor proposes.")
    assert told["da"] == decision.text != told["en"]
    assert decision.entry.params["posture"] == given.posture
    # What a person wrote stays as it was written.
    decision.entry.params = {}
    assert entries.decided(decision) == decision.text
