"""What words mean to a brand: rules made by people, or taken from what they kept correcting."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core.errors import Conflict, Refused
from core.text import clean, fold
from monitoring.enums import LABELS, LabelField
from monitoring.models import Mention
from monitoring.models_labels import Correction, LabelRule
from monitoring.scoring.rules import normal
from monitoring.stopwords import STOP_WORDS

# More are searched for in every text, and nobody keeps track of them.
MOST_RULES = 500
# A word is proposed once people said so this often, and nearly always.
LEAST_CORRECTIONS = 3
LEAST_SHARE = 0.7
# Corrections looked at for proposals, the newest.
_RECENT = 2_000
_MOST_PROPOSALS = 20
_WORD = re.compile(r"[^\W\d_]{3,30}|#\w{2,30}")


@dataclass(frozen=True)
class Proposal:
    """A rule that people's corrections suggest: `times` of `seen` texts with it were set right."""

    phrase: str
    field: str
    value: str
    times: int
    seen: int


def make(
    brand: Brand, *, phrase: str, field: str, value: str, by: User, negated: bool = True
) -> LabelRule:
    """Make a rule. Refuses an empty phrase and an unknown label; Conflict for one that is there."""
    wanted = normal(clean(phrase))
    if not wanted or not re.search(r"\w", wanted):
        raise Refused(_("Give the word or phrase that the rule is about."))
    if field not in LABELS or value not in LABELS[field].values or field == LabelField.ABOUT:
        raise Refused(_("That is not a label."))
    with transaction.atomic():
        Brand.objects.select_for_update().get(pk=brand.pk)
        if LabelRule.objects.filter(brand=brand).count() >= MOST_RULES:
            raise Refused(_("There are too many rules: delete some that are of no use."))
        rule = LabelRule(
            brand=brand, phrase=wanted[:100], field=field, value=value, negated=negated, by=by
        )
        _save(rule)
        audit.record("label_rule.created", actor=by, brand=brand, subject=str(rule))
    return rule


@transaction.atomic
def remove(rule: LabelRule, *, by: User) -> None:
    """Delete a rule. Mentions keep the labels that it gave them."""
    audit.record("label_rule.deleted", actor=by, brand=rule.brand_id, subject=str(rule))
    rule.delete()


def proposals(brand: Brand) -> list[Proposal]:
    """Return words that stand in texts whose label people kept setting right, the surest first."""
    words = Correction.objects.filter(brand=brand).exclude(field=LabelField.ABOUT).order_by("-pk")
    rows = list(words.values_list("mention_id", "field", "machine", "value")[:_RECENT])
    texts = dict(Mention.objects.filter(pk__in={row[0] for row in rows}).values_list("pk", "text"))
    taken = set(LabelRule.objects.filter(brand=brand).values_list("phrase", "field", "value"))
    found = [
        proposal
        for proposal in _counted(rows, texts)
        if (proposal.phrase, proposal.field, proposal.value) not in taken
    ]
    return sorted(found, key=lambda p: (-p.times / p.seen, -p.times, p.phrase))[:_MOST_PROPOSALS]


def _counted(
    rows: Iterable[tuple[int, str, str, str]], texts: dict[int, str]
) -> Iterable[Proposal]:
    """Per field and machine's label: the words of the texts where it was wrong, and of all."""
    seen: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    wrong: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for mention_id, field, machine, value in rows:
        found = set(_WORD.findall(fold(texts.get(mention_id, "")))) - STOP_WORDS
        seen[field, machine].update(found)
        if value != machine:
            wrong[field, machine].update(found)
    for (field, machine), counts in wrong.items():
        for word, times in counts.items():
            of = seen[field, machine][word]
            if times >= LEAST_CORRECTIONS and times >= LEAST_SHARE * of:
                yield Proposal(word, field, machine, times, of)


def _save(rule: LabelRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        raise Conflict(_("There is already such a rule.")) from None
