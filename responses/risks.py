"""What makes a text riskier than others: found in its words, its facts and its incident.

A rough sieve, on purpose: what it finds asks one more person; what it misses, its writer can say.
"""

import re

from core.text import fold
from incidents.citing import cited
from incidents.enums_record import FactStatus
from incidents.models_breach import Breach
from incidents.selectors.facts import standing

from .enums import Risk
from .models import Draft

# A Danish CPR number, an e-mail address, a telephone number of eight figures or more.
_PERSONAL = re.compile(
    r"(?<!\d)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[- ]?\d{4}(?!\d)"
    r"|[\w.+-]+@[\w-]+\.[\w.]{2,}"
    r"|(?<![\d.,])(?:\+\d{2}[ ]?)?\d{2}(?:[ ]?\d{2}){3}(?![\d.,])"
)
_LEGAL = re.compile(
    r"\b(?:liab\w+|lawsuit\w*|sue[ds]?|court|compensat\w+|settlement|negligen\w+|damages|"
    r"recall(?:s|ed|ing)?|guilty|lawyers?|attorney\w*|police|authorit(?:y|ies)|"
    r"ansvar(?:et|lig\w*)?|erstat\w+|retssag\w*|sagsøg\w*|advokat\w*|forlig|politi\w*|"
    r"tilbagekald\w*|myndighed\w*|skyldig\w*|domstol\w*|kompensation)\b"
)


def in_words(text: str) -> set[Risk]:
    """Return the risks that a text alone shows."""
    found = set()
    if _PERSONAL.search(text):
        found.add(Risk.PERSONAL_DATA)
    if _LEGAL.search(fold(text)):
        found.add(Risk.LEGAL)
    return found


def found(draft: Draft, written: str) -> set[Risk]:
    """Return what the desk finds by itself: two queries at most."""
    risks = in_words(written)
    statuses = standing(draft.incident_id, numbers := cited(written))
    if any(statuses.get(number) != FactStatus.VERIFIED for number in numbers):
        risks.add(Risk.UNVERIFIED)
    if Breach.objects.filter(incident=draft.incident_id).exists():
        risks.add(Risk.PERSONAL_DATA)
    return risks


def all_of(draft: Draft, written: str) -> set[Risk]:
    """Return what the desk finds and what its writers said."""
    return found(draft, written) | {Risk(each) for each in draft.risks if each in Risk.values}
