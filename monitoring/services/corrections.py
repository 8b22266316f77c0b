"""A person's word on a label. The machine's own stays beside it, to learn from and be measured by.

Sentiment keeps a column of its own for the person's word; the other labels are replaced in the
mention, and the machine's is kept in the Correction. The second tier leaves both alone.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.live import publish
from monitoring.enums import LABELS, LabelField
from monitoring.models import Mention
from monitoring.models_labels import Correction

from .recounting import Counted, move

_CONFIDENCES = {
    LabelField.SENTIMENT: "confidence",
    LabelField.EMOTION: "emotion_confidence",
    LabelField.CRISIS_TYPE: "crisis_confidence",
    LabelField.BLAME: "blame_confidence",
}


def correct(mention: Mention, field: str, value: str, by: User) -> Mention:
    """Set one label of a mention. The machine's own word counts as agreement with it.

    The same word twice changes nothing. Raises Refused for an unknown field or label, Conflict
    when the mention has left meanwhile.
    """
    if field not in LABELS or value not in LABELS[field].values:
        raise Refused(_("That is not a label."))
    with transaction.atomic():
        row = _locked(mention)
        before = Counted.of(row)
        was = effective(row, field)
        _remember(row, field, value, by)
        if was != value:
            _set(row, field, value)
            move(row.brand_id, [(before, Counted.of(row))])
            _note(row, field, was, value, by)
    return row


def effective(row: Mention, field: str) -> str:
    """Return the label that holds: a person's where there is one."""
    if field == LabelField.SENTIMENT:
        return row.corrected_sentiment or row.sentiment
    return str(getattr(row, field))


def _locked(mention: Mention) -> Mention:
    # The primary key is (id, published_at): naming the time keeps the search in its month.
    rows = Mention.objects.filter(pk=mention.pk, published_at=mention.published_at)
    row: Mention | None = rows.select_for_update().first()
    if row is None:
        raise Conflict(_("The mention is no longer there."))
    return row


def _set(row: Mention, field: str, value: str) -> None:
    column = "corrected_sentiment" if field == LabelField.SENTIMENT else field
    setattr(row, column, value)
    of_its_month = Mention.objects.filter(pk=row.pk, published_at=row.published_at)
    of_its_month.update(**{column: value})


def _remember(row: Mention, field: str, value: str, by: User) -> None:
    """Keep the word; the machine's label is what it was before anybody's first."""
    machine = row.sentiment if field == LabelField.SENTIMENT else getattr(row, field)
    first: dict[str, Any] = {
        "brand_id": row.brand_id,
        "published_at": row.published_at,
        "machine": machine,
        "confidence": getattr(row, _CONFIDENCES[LabelField(field)]) if field in _CONFIDENCES else 0,
        "tier": row.tier,
        "lang": row.lang,
    }
    Correction.objects.update_or_create(
        mention_id=row.pk,
        field=field,
        defaults={"value": value, "by": by},
        create_defaults={**first, "value": value, "by": by},
    )


def _note(row: Mention, field: str, was: str, value: str, by: User) -> None:
    detail = {} if field == LabelField.SENTIMENT else {"field": field}
    audit.record(
        "mention.corrected",
        actor=by,
        brand=row.brand_id,
        subject=str(row.pk),
        before=was,
        after=value,
        **detail,
    )
    publish(f"brand.{row.brand_id}", "volume")
