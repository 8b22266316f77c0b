"""Template tags of the incident's record and plan, for this room and those above."""

from collections.abc import Mapping
from typing import Any

from django import template

from incidents.models import Incident
from incidents.selectors import facts

register = template.Library()


@register.filter
def at(found: Mapping[str, Any], key: str) -> Any:
    """`{{ found|at:key }}`: what stands under a key; None if nothing does."""
    return found.get(key)


@register.inclusion_tag("incidents/fact_flags.html")
def fact_flags(incident: Incident, text: str) -> dict[str, Any]:
    """`{% fact_flags incident text %}`: the facts that a text cites, those first that are not sure.

    Two queries for a text that cites any, none for others.
    """
    numbers = facts.cited(text)
    cited = list(facts.facts(incident).filter(number__in=numbers)) if numbers else []
    return {
        "incident": incident,
        "unsure": [fact for fact in cited if fact.status != "VERIFIED"],
        "sure": [fact for fact in cited if fact.status == "VERIFIED"],
    }
