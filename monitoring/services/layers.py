"""A brand's own layer of scoring: learned from its corrections, measured, and undone at will."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit
from accounts.models import Brand, User
from core.errors import Refused
from monitoring.enums import LabelField
from monitoring.models import Mention
from monitoring.models_labels import Correction, LabelLayer
from monitoring.scoring import probabilities
from monitoring.scoring.layer import Learned
from monitoring.scoring.layer import learn as learned

# Fewer words of people teach nothing that holds.
LEAST_WORDS = 50
# The newest are learned from.
MOST_WORDS = 2_000
FIELDS = (LabelField.SENTIMENT, LabelField.CRISIS_TYPE, LabelField.EMOTION, LabelField.BLAME)


def learn(brand: Brand, field: str, *, by: User, now: datetime) -> LabelLayer:
    """Learn from the brand's corrections of one label, and use it for what comes in from now on.

    Refuses where there are too few, and where it would not agree with people more often.
    """
    if field not in FIELDS:
        raise Refused(_("That is not a label."))
    found = _learned(brand, field)
    if found.after <= found.before:
        raise Refused(_("It would not agree with people more often. Nothing was changed."))
    with transaction.atomic():
        Brand.objects.select_for_update().get(pk=brand.pk)
        layer, _made = LabelLayer.objects.update_or_create(
            brand=brand,
            field=field,
            defaults={
                "weights": found.layer.as_json(),
                "learned_from": found.texts,
                "agreed_before": found.before,
                "agreed_after": found.after,
                "by": by,
                "at": now,
            },
        )
        audit.record("label_layer.learned", actor=by, brand=brand, subject=str(layer))
    return layer


def words(brand: Brand) -> dict[str, int]:
    """Return how many words of people there are on each label."""
    rows = Correction.objects.filter(brand=brand).values_list("field")
    return dict(rows.annotate(words=Count("pk")).order_by("field"))


@transaction.atomic
def forget(layer: LabelLayer, *, by: User) -> None:
    """Undo a layer: what comes in from now on is scored without it. Mentions keep their labels."""
    audit.record("label_layer.forgotten", actor=by, brand=layer.brand_id, subject=str(layer))
    layer.delete()


def _learned(brand: Brand, field: str) -> Learned:
    """Let the fast tier judge the corrected texts again, and learn where people said otherwise."""
    said = Correction.objects.filter(brand=brand, field=field).order_by("-pk")
    answers = dict(said.values_list("mention_id", "value")[:MOST_WORDS])
    texts = dict(
        Mention.objects.filter(pk__in=answers, brand_id=brand.pk, gone_at=None)
        .order_by("pk")
        .values_list("pk", "text")
    )
    if len(texts) < LEAST_WORDS:
        missing = LEAST_WORDS - len(texts)
        raise Refused(
            ngettext(
                "Correct or confirm %(count)s more of these labels first.",
                "Correct or confirm %(count)s more of these labels first.",
                missing,
            )
            % {"count": missing}
        )
    shares, _prints = probabilities(list(texts.values()))
    return learned(field, list(texts.values()), shares[field], [answers[pk] for pk in texts])
