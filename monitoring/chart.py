"""What to do about a mention: the US Air Force's chart of web posts, with the question put first
that it leaves out: is it true?

Codes and advice are plain values; people see the labels. `advise` is a pure function, so that the
whole chart can be read, and tested, as a table.
"""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TriageState(models.TextChoices):
    """How far a mention is. Without a row a mention is new."""

    NEW = "new", pgettext_lazy("triage", "New")
    DOING = "doing", pgettext_lazy("triage", "In progress")
    ANSWERED = "answered", pgettext_lazy("triage", "Answered")
    DONE = "done", pgettext_lazy("triage", "Done")
    IGNORED = "ignored", pgettext_lazy("triage", "Ignored")


class Truth(models.TextChoices):
    """Whether what the post claims is true."""

    TRUE = "true", _("Yes, it is true")
    PARTLY = "partly", _("Partly")
    FALSE = "false", _("No, it is wrong")
    UNKNOWN = "unknown", _("We do not know yet")


class PostKind(models.TextChoices):
    """What kind of post it is, in the chart's terms."""

    POSITIVE = "positive", _("Positive or factual")
    TROLL = "troll", _("Troll: lives off bashing others")
    RAGER = "rager", _("Rager: a rant, a joke, satire")
    MISGUIDED = "misguided", _("Misguided: has the facts wrong")
    UNHAPPY = "unhappy", _("Unhappy customer: had a bad experience with us")


class Course(models.TextChoices):
    """What is done about it."""

    LEAVE = "leave", _("Let it stand")
    MONITOR = "monitor", _("Watch it, do not answer")
    FIX_FACTS = "fix_facts", _("Set the facts right where they are wrong")
    RESTORE = "restore", _("Make it good: offer a solution")
    ANSWER = "answer", _("Answer it")


# Where a mention stands once a course is chosen: what is to be written is in progress.
STATE_AFTER = {
    Course.LEAVE: TriageState.DONE,
    Course.MONITOR: TriageState.IGNORED,
    Course.FIX_FACTS: TriageState.DOING,
    Course.RESTORE: TriageState.DOING,
    Course.ANSWER: TriageState.DOING,
}
# The chart's considerations for whoever answers.
CONSIDERATIONS: tuple[tuple[Any, Any], ...] = (
    (_("Transparency"), _("Say who you are and whom you speak for.")),
    (_("Sources"), _("Link to what shows that it is so.")),
    (_("Time"), _("Take the time to answer well, and not more: hours, not days.")),
    (_("Tone"), _("Write as you would speak to a guest. Do not joke, do not argue.")),
    (_("Influence"), _("Begin where most people will read it.")),
)


@dataclass(frozen=True)
class Advice:
    """The course that the chart suggests, and why."""

    course: Course
    why: Any
    # Whether somebody who decides should know of it.
    tell_the_lead: bool = False


_FIND_OUT = _("Find out first. Say at most that you are looking into it, and when you will know.")
_UNKNOWN = {
    PostKind.POSITIVE: Advice(Course.LEAVE, _("It does no harm, and nobody asked you.")),
    PostKind.TROLL: Advice(Course.MONITOR, _FIND_OUT, tell_the_lead=True),
    PostKind.RAGER: Advice(Course.MONITOR, _FIND_OUT),
    PostKind.MISGUIDED: Advice(Course.MONITOR, _FIND_OUT, tell_the_lead=True),
    PostKind.UNHAPPY: Advice(
        Course.ANSWER, _("Say that you are looking into it. Promise nothing that you do not know.")
    ),
}
_ALREADY_TRUE = _(
    "What they say is true, so there are no facts to set right. Own it, and say what you do about"
    " it."
)
_TRUE = {
    PostKind.POSITIVE: Advice(Course.LEAVE, _("It is true and kind. Let it stand, or say thanks.")),
    PostKind.TROLL: Advice(
        Course.ANSWER,
        _("The tone is theirs, the point is right. Answer the point once, for those who read."),
        tell_the_lead=True,
    ),
    PostKind.RAGER: Advice(
        Course.ANSWER,
        _("Behind the anger the point is right. Answer the point once, for those who read."),
    ),
    PostKind.MISGUIDED: Advice(Course.ANSWER, _ALREADY_TRUE, tell_the_lead=True),
    PostKind.UNHAPPY: Advice(
        Course.RESTORE, _("They are right. Say so, and offer what makes it good.")
    ),
}
_WRONG = {
    PostKind.POSITIVE: Advice(
        Course.FIX_FACTS, _("Praise for something that is not so falls back on you. Correct it.")
    ),
    PostKind.TROLL: Advice(
        Course.MONITOR, _("An answer feeds it. Watch how far it reaches."), tell_the_lead=True
    ),
    PostKind.RAGER: Advice(Course.MONITOR, _("It is a mood, not a claim. An answer feeds it.")),
    PostKind.MISGUIDED: Advice(
        Course.FIX_FACTS, _("Set the facts right in the same place, with the source.")
    ),
    PostKind.UNHAPPY: Advice(
        Course.RESTORE,
        _("Their experience is real, even where the facts are not. Help first, then explain."),
    ),
}
_ADVICE = {
    Truth.TRUE: _TRUE,
    Truth.PARTLY: _TRUE
    | {
        PostKind.MISGUIDED: Advice(
            Course.FIX_FACTS, _("Say first what is true in it, then set the rest right.")
        ),
        PostKind.POSITIVE: _WRONG[PostKind.POSITIVE],
    },
    Truth.FALSE: _WRONG,
    Truth.UNKNOWN: _UNKNOWN,
}


def advise(truth: Truth, kind: PostKind) -> Advice:
    """Return what the chart suggests; there is an answer for every pair."""
    return _ADVICE[truth][kind]
