"""What the checks say, in the reader's language: what is the matter, why, what to do."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# {check: (name, why it weakens a text, what to do instead)}
FINDINGS = {
    "blame": (
        _("Blames somebody"),
        _("Readers side with whoever is blamed, and hear an excuse."),
        _("Say what you yourselves do. Who was at fault can wait until it is established."),
    ),
    "euphemism": (
        _("Talks around it"),
        _("A softer word than people would use reads as hiding something."),
        _("Call it by the word that those affected use."),
    ),
    "empty": (
        _("Empty phrase"),
        _("Everybody says it, so that it says nothing."),
        _("Say what you do, and by when."),
    ),
    "minimising": (
        _("Makes it smaller"),
        _("Those affected do not find it small, and the number may still grow."),
        _("Give the number, or what happened, and leave the judgement to the reader."),
    ),
    "nonapology": (
        _("Apology that is none"),
        _("It regrets how people feel, not what was done."),
        _("Say what you did, that it was wrong, and that you are sorry."),
    ),
    "speculation": (
        _("Guesses"),
        _("What turns out otherwise has to be taken back in front of everybody."),
        _("Say what you know, what you do not know, and when you will."),
    ),
    "passive": (
        _("Nobody did it"),
        _("Without somebody who acts it sounds as if nobody takes responsibility."),
        _("Say who did it, or who does it now: we, the factory, the police."),
    ),
    "untimed": (
        _("Promise without a time"),
        _("Nobody can rely on it, and everybody asks again."),
        _("Give a time, even if all you will have then is that you know no more."),
    ),
    "overclaim": (
        _("Promises certainty"),
        _("One case to the contrary is enough, and nothing you say is believed any more."),
        _("Say what was tested or changed, by whom, and with what result."),
    ),
    "jargon": (
        _("Jargon"),
        _("It is the office's word, not the reader's."),
        _("Use the word that you would use at home."),
    ),
    "long_sentence": (
        _("Long sentence"),
        _("People who are worried read less well than otherwise."),
        _("Make two or three sentences of it."),
    ),
    "hard_to_read": (
        _("Hard to read"),
        _("Long words and long sentences lose readers who are in a hurry or afraid."),
        _("Shorter sentences, shorter words; one thought each."),
    ),
    "placeholder": (
        _("Left to be filled in"),
        _("This would go out as it stands."),
        _("Fill it in, or take the sentence out."),
    ),
    "shouting": (
        _("Shouts"),
        _("Capitals and rows of exclamation marks frighten, or sound angry."),
        _("Put the most important thing first instead."),
    ),
    "guideline": (
        _("Not a word of the brand"),
        _("The brand's guidelines advise against it."),
        _("Put it as the guidelines do."),
    ),
}  # fmt: skip

# {element: (name, what to write where it is missing)}
ELEMENTS = {
    "known": (
        _("What we know"),
        _("Say what is certain: what, where, when, how many."),
    ),
    "unknown": (
        _("What we do not know"),
        _("Say openly what you do not know yet, and that you are finding out."),
    ),
    "next": (
        _("When the next word comes"),
        _("Give the time of your next update, with the hour."),
    ),
    "first": (
        pgettext_lazy("CERC", "Be first"),
        _("Tell now what you can; what is missing can follow."),
    ),
    "right": (
        pgettext_lazy("CERC", "Be right"),
        _("Keep apart what is known and what is not, and say when you will know."),
    ),
    "credible": (
        pgettext_lazy("CERC", "Be credible"),
        _("Take out what hides, guesses or promises too much: it is marked in the text."),
    ),
    "empathy": (
        pgettext_lazy("CERC", "Express empathy"),
        _("Name in the first sentences what people go through or feel."),
    ),
    "action": (
        pgettext_lazy("CERC", "Promote action"),
        _("Give people something to do, if only where to call."),
    ),
    "respect": (
        pgettext_lazy("CERC", "Show respect"),
        _("Take out what blames, belittles or shouts: it is marked in the text."),
    ),
    "responsibility": (
        pgettext_lazy("apology", "Takes responsibility"),
        _("Say that it was your mistake. Of all parts of an apology this one counts most."),
    ),
    "repair": (
        pgettext_lazy("apology", "Offers to put it right"),
        _("Say what those affected get, and how."),
    ),
    "regret": (
        pgettext_lazy("apology", "Regrets"),
        _("Say that you are sorry, and for what."),
    ),
    "explanation": (
        pgettext_lazy("apology", "Explains"),
        _("Say how it came about, as far as that is established, without excusing it."),
    ),
    "repentance": (
        pgettext_lazy("apology", "Changes something"),
        _("Say what you do differently from now on."),
    ),
    "forgiveness": (
        pgettext_lazy("apology", "Asks for forgiveness"),
        _("May be left out: it counts least."),
    ),
}  # fmt: skip
GROUPS = {
    "status": _("What we know, and what not"),
    "cerc": _("Principles of crisis communication (CERC)"),
    "apology": _("Parts of an apology"),
}
INDEXES = {
    "lix": _("LIX %(value)s: hard from 45"),
    "fk": _("Flesch-Kincaid grade %(value)s: hard from 10"),
}
