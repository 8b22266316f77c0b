"""What a brand's people taught scoring: their rules on words, and what their corrections add."""

import json
import logging
from functools import lru_cache

from .models_labels import LabelLayer, LabelRule
from .scoring.layer import Layer, Layers
from .scoring.rules import Rule, RuleBook

logger = logging.getLogger(__name__)
# The field and the weights, as JSON: so that the same are compiled once.
Kept = tuple[str, str]


def of_brand(brand_id: int) -> RuleBook | None:
    """Return the brand's active rules and layers, compiled; None where there are none."""
    rules = LabelRule.objects.filter(brand_id=brand_id, is_active=True).order_by("pk")
    found = tuple(Rule(*row) for row in rules.values_list("phrase", "field", "value", "negated"))
    rows = LabelLayer.objects.filter(brand_id=brand_id).values_list("field", "weights")
    kept = tuple((field, json.dumps(weights)) for field, weights in rows)
    return _compiled(found, kept) if found or kept else None


@lru_cache(maxsize=256)
def _compiled(rules: tuple[Rule, ...], kept: tuple[Kept, ...]) -> RuleBook:
    """The same rules and layers are compiled once."""
    layers = tuple(layer for each in kept if (layer := _layer(*each)))
    return RuleBook(rules, Layers(layers) if layers else None)


def _layer(field: str, weights: str) -> Layer | None:
    try:
        return Layer.from_json(field, json.loads(weights))
    except ValueError as reason:
        # Another model with other classes was put in place since.
        logger.warning("A layer of labels is passed over: %s", reason)
        return None
