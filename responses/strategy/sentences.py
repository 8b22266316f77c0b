"""First sentences for a proposal, in English and Danish: what is in [brackets] is filled in.

They are texts for the public and no words of the desk: always in both languages, whoever reads.
"""

from dataclasses import dataclass

from responses.enums_strategy import Posture

from .proposing import Proposal

LANGUAGES = ("en", "da")
_WORDS: dict[str, dict[str, str]] = {
    "instruct": {
        "en": "If you [have used the product], please [what to do to be safe].",
        "da": "Hvis du [har brugt produktet], så [det, du skal gøre for at være sikker].",
    },
    "happened": {
        "en": "On [day] at [time] [what happened]. We do not yet know [what is open].",
        "da": "[Dag] kl. [tid] [det, der skete]. Vi ved endnu ikke, [det, der er uklart].",
    },
    "care": {
        "en": "We are sorry for what [those affected] are going through.",
        "da": "Det gør os ondt for [dem, det er gået ud over].",
    },
    "deny": {
        "en": "It is not true that [claim]. [The fact that shows it] can be checked at [place].",
        "da": "Det er ikke rigtigt, at [påstand]. [Faktum] kan efterprøves [sted].",
    },
    "diminish": {
        "en": "We could not have foreseen [cause]. We have [what you have done] since [time].",
        "da": "Vi kunne ikke have forudset [årsag]. Siden [tid] har vi [det, I har gjort].",
    },
    "rebuild": {
        "en": "This was our responsibility, and we apologise to [those affected]. [What they get]."
        " From [date] we [what you do differently].",
        "da": "Det var vores ansvar, og vi undskylder over for [dem, det er gået ud over]."
        " [Det, de får]. Fra [dato] [det, I gør anderledes].",
    },
    "next": {
        "en": "We are finding out [what], and our next update here is at [time].",
        "da": "Vi undersøger [hvad]. Næste opdatering kommer her kl. [tid].",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Opening:
    """One sentence with what it is there for: a code of wording.OPENINGS."""

    code: str
    en: str
    da: str


def openings(proposal: Proposal) -> list[Opening]:
    """Return the first sentences in their order: people first, the posture after the facts."""
    codes = ["instruct", "care"] if proposal.cares else []
    codes.append("happened")
    if proposal.posture != Posture.BASE:
        codes.append(proposal.posture.value)
    return [Opening(code, **_WORDS[code]) for code in (*codes, "next")]
