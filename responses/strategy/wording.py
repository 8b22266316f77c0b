"""The advisor's codes in words: questions, answers, reasons, and what research says against it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

CLUSTERS: dict[str, Any] = {
    "victim": _("We are victims too: people hold us responsible for little."),
    "accidental": _("It was not meant: people hold us responsible for some of it."),
    "preventable": _("It could have been avoided: people hold us responsible for most of it."),
}
# {question: (what is asked, what helps to answer)}
QUESTIONS: dict[str, tuple[Any, Any]] = {
    "kind": (
        _("What is it, at its core?"),
        _("As people will see it, not as we would like it to be."),
    ),
    "harm": (
        _("Is anybody harmed, or in danger?"),
        _("Bodily, mentally, or in their private matters."),
    ),
    "true": (
        _("Is what is said of us true?"),
        _("Only what is established counts. If nobody knows yet, say so."),
    ),
    "warned": (
        _("Had we been warned, or broken a rule of our own?"),
        _("Evidence of responsibility: alarms, complaints, inspections, our own rules."),
    ),
    "history": (
        _("Has something like it happened to us before?"),
        _("As far as people remember it, or will be reminded of it."),
    ),
    "reputation": (
        _("What did people think of us before?"),
        _("Those affected above all."),
    ),
    "public": (
        _("Is it public already?"),
        _("If not, we can still be the first to tell."),
    ),
    "charge": (
        _("Is it a charge in public that has harmed nobody?"),
        _("A paracrisis: it looks like a crisis and may become one."),
    ),
}  # fmt: skip
_YES_NO: dict[str, Any] = {
    "yes": pgettext_lazy("answer", "Yes"),
    "no": pgettext_lazy("answer", "No"),
    "unknown": pgettext_lazy("answer", "Nobody knows yet"),
}
ANSWERS: dict[str, dict[str, Any]] = {
    "kind": {
        "natural_disaster": _("Natural disaster"),
        "rumour": _("Rumour: false and damaging"),
        "workplace_violence": _("Violence at the workplace"),
        "malevolence": _("Attack or tampering from outside"),
        "challenge": _("Challenge: people say that we act wrongly"),
        "technical_accident": _("Accident by a technical fault"),
        "technical_product": _("Product that harms by a technical fault"),
        "human_accident": _("Accident by human error"),
        "human_product": _("Product that harms by human error"),
        "misdeed": _("Misdeed: we knew and did it, or broke the law"),
        "unknown": _YES_NO["unknown"],
    },
    "reputation": {
        "negative": pgettext_lazy("reputation", "Badly"),
        "neutral": pgettext_lazy("reputation", "Neither"),
        "positive": pgettext_lazy("reputation", "Well"),
        "unknown": _YES_NO["unknown"],
    },
}


def answers(question: str) -> dict[str, Any]:
    return ANSWERS.get(question, _YES_NO)


REASONS: dict[str, Any] = {
    "claim_open": _(
        "Nobody knows yet whether it is true. Who denies or admits now may have to take it back:"
        " inform, care, and say when you will know."
    ),
    "kind_open": _("What it is at its core is not answered yet: inform and care meanwhile."),
    "untrue": _("It is not true, and can be shown not to be: say so, with the facts."),
    "misnamed": _("Two answers do not go together, see below: inform and care meanwhile."),
    **CLUSTERS,
    "warned": _("We had been warned or broke a rule of our own: people take that for guilt."),
    "history": _("It has happened before: people hold us responsible for more."),
    "reputation": _("People thought badly of us before: they hold us responsible for more."),
    "steady": _("Nothing like it before and no bad name: neither makes it graver."),
    "harm": _(
        "People are harmed or in danger: what they need comes before what people think of us."
    ),
    "harm_open": _("Nobody knows yet whether people are harmed: speak as if they were."),
}
POSTURES: dict[str, Any] = {
    "base": _(
        "Tell people what happened, what to do and what you do about it, and that you care. No"
        " more: neither excuse nor apology of guilt."
    ),
    "deny": _("Say that it is not true, and show it. Without attacking anybody."),
    "diminish": _("Explain how it came about without intent, and do not make the harm smaller."),
    "rebuild": _("Take responsibility, apologise, and say what those affected get."),
}
TONES: dict[str, Any] = {
    "care_first": _("Concern first, in the first sentences. It is no admission of guilt."),
    "plain": _("Plain: what is known, what is not, when more comes."),
    "factual": _("Factual and calm; the facts do the work."),
    "level": _("Level: explain, do not defend."),
    "humble": _("Humble: “we”, not “mistakes were made”."),
}
WARNINGS: dict[str, Any] = {
    "thunder": _(
        "It is not public yet: tell it yourselves, and first. In an experiment whoever told bad"
        " news themselves was believed more, and the matter was taken for less grave (Arpan and"
        " Roskos-Ewoldsen 2005). In a later one the timing made no difference together with a"
        " denial."
    ),
    "paracrisis": _(
        "A charge without harm is a paracrisis (Coombs and Holladay 2012): answer it in public, but"
        " do not call everybody in. In two experiments, saying what will change worked best, and"
        " humour worst."
    ),
    "no_smaller": _("Do not say that the harm is small: people are or may be harmed."),
    "no_attack": _("Do not attack whoever says it: it makes them known, and us look guilty."),
    "no_halo": _("A good name before protects little once people are disappointed."),
    "not_a_rumour": _("If it is true, it is no rumour: answer the first question again."),
    "is_rumour": _(
        "If it is not true, it is a rumour or a challenge: answer the first question again."
    ),
}
BOLSTER: dict[str, Any] = {
    "reminder": _("You may add, in a sentence, what you have done well before that matters here."),
    "victimage": _("You may say that you are hit too, after those who are hit harder."),
}
BASIS: dict[str, Any] = {
    "open": _("Questions without an answer that would lead elsewhere: %(questions)s."),
    "checked": _("Guideline %(guideline)s of Coombs 2007, checked in a copy of his table."),
    "recalled": _(
        "Guideline %(guideline)s of Coombs 2007, as it is usually quoted: we could not check it in"
        " his table."
    ),
    "own_rule": _("That a warning in the wind makes it preventable is our rule, not Coombs'."),
    "caution": _("No guideline decided this: it is the careful way while answers are missing."),
    "mixed_rebuild": _(
        "Against it: in an experiment with a preventable crisis, apologising did not lower the"
        " blame, and denying lowered it more (Kim and Sung). That is a trap and no advice: what was"
        " denied comes out."
    ),
    "mixed_sympathy": _(
        "Against it: on the Facebook page of a hospital, posts with sympathy could harm, and"
        " informing ones helped (DiStaso and others 2015). So inform as well, in the same text."
    ),
    "mixed_denial": _(
        "Against it: a denial lasts only as long as nobody shows the contrary, and then harms all"
        " that you say."
    ),
    "experiments": _(
        "SCCT comes from experiments, not from crises as they happen. So confidence is never more"
        " than moderate."
    ),
}
OPENINGS: dict[str, Any] = {
    "instruct": _("What people should do"),
    "care": _("Concern"),
    "happened": _("What happened"),
    "deny": _("The posture: deny"),
    "diminish": _("The posture: diminish"),
    "rebuild": _("The posture: rebuild"),
    "next": _("The next word"),
}
HINTS: dict[str, Any] = {
    "crisis_type": _("From the incident: %(kind)s. Which of these that is, is our own guess."),
    "scored": _("From the severity: %(name)s scored the harm."),
    "personal_data": _("From the incident: personal data is concerned."),
    "earlier": _("From the incident %(reference)s of the same kind, on %(day)s."),
    "before": _("From %(total)s mentions in the 30 days before: %(share)s of them were negative."),
    "mentions": _("From the incident: it was found in what people write."),
    "word": _("From the incident: a first word to the public is noted."),
}
STANCES: dict[str, Any] = {
    "deny": _("It says that something is not so, or puts it on somebody else."),
    "diminish": _("It says that it was less than it seems, or could not be helped."),
    "rebuild": _("It takes the responsibility, or apologises for what was done."),
    "bolster": _("It speaks well of ourselves or of the reader. Only ever beside something else."),
}
