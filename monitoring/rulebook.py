"""A brand's rules on its words, as scoring needs them: read by one query, compiled once."""

from .models_labels import LabelRule
from .scoring.rules import Rule, RuleBook, book


def of_brand(brand_id: int) -> RuleBook | None:
    """Return the brand's active rules; None where there are none."""
    rules = LabelRule.objects.filter(brand_id=brand_id, is_active=True).order_by("pk")
    found = tuple(Rule(*row) for row in rules.values_list("phrase", "field", "value", "negated"))
    return book(found) if found else None
