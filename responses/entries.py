"""How this room's timeline entries are told. Imported by the AppConfig."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from incidents.entries import Params, Sentence, register
from incidents.enums import EntryKind

from . import problems
from .enums_engage import RunKind
from .enums_plan import Audience
from .enums_strategy import Posture


def _approved(params: Params) -> str:
    count = params["count"]
    said = ngettext(
        "%(actor)s approved “%(title)s” version %(version)s for %(count)d account.",
        "%(actor)s approved “%(title)s” version %(version)s for %(count)d accounts.",
        count,
    )
    return said % params


def _failed(params: Params) -> str:
    facts = {**params, "problem": problems.words(params.get("error", ""))}
    if params.get("parts"):
        said = gettext(
            "“%(title)s”: part %(part)s of %(parts)s did not go out through %(account)s. What comes"
            " after it waits. %(problem)s"
        )
    else:
        said = gettext("“%(title)s” did not go out through %(account)s. %(problem)s")
    return said % facts


def _by_part(whole: Any, part: Any) -> Sentence:
    """What became of a text, or of one post of its thread."""

    def said(params: Params) -> str:
        return str(part if params.get("parts") else whole) % params

    return said


def _by_step(named: Any, unnamed: Any) -> Sentence:
    """A step has a name where the brand has a policy."""

    def said(params: Params) -> str:
        return str(named if params.get("step") else unnamed) % params

    return said


def _outside(params: Params) -> str:
    count = params["count"]
    said = ngettext(
        "%(name)s, without an account, approved “%(title)s” version %(version)s for %(count)d"
        " account.",
        "%(name)s, without an account, approved “%(title)s” version %(version)s for %(count)d"
        " accounts.",
        count,
    )
    return said % params


def _strategy(params: Params) -> str:
    return gettext(
        "%(actor)s answered the strategy advisor (version %(number)s). It proposes: %(posture)s."
    ) % {**params, "posture": Posture(params["posture"]).label}


def _of_audience(said: Any, bare: Any) -> Sentence:
    """What is told of one audience, with a note behind it if there is one."""

    def sentence(params: Params) -> str:
        audience = Audience(params["audience"]).label
        noted = params.get("means") or params.get("reason")
        return str(said if noted else bare) % {**params, "audience": audience}

    return sentence


def _early(params: Params) -> str:
    untold = ", ".join(str(Audience(each).label) for each in params["untold"])
    return gettext(
        "%(actor)s: “%(title)s” goes out before these are told: %(untold)s. %(reason)s"
    ) % {**params, "untold": untold}


def _holding(params: Params) -> str:
    said = ngettext(
        "%(actor)s began “%(title)s” from the holding statement “%(template)s”: the condition on"
        " which it is void does not hold.",
        "%(actor)s began “%(title)s” from the holding statement “%(template)s”: none of the"
        " %(count)d conditions on which it is void holds.",
        params["count"],
    )
    return said % params


def _run_started(params: Params) -> str:
    """An answer to all who asked, or the word that it is put right."""
    count = params["count"]
    if params.get("kind") == RunKind.FIXED:
        said = ngettext(
            "%(actor)s told %(count)d person that this is put right: “%(question)s”.",
            "%(actor)s told %(count)d people that this is put right: “%(question)s”.",
            count,
        )
    else:
        said = ngettext(
            "%(actor)s sent the approved answer to “%(question)s” to %(count)d person.",
            "%(actor)s sent the approved answer to “%(question)s” to %(count)d people.",
            count,
        )
    return said % params


def decided_words(facts: Mapping[str, Any]) -> str:
    """A decision on a posture, from what is kept of it, in the active language."""
    posture, proposed = Posture(facts["posture"]), Posture(facts["proposed"])
    if posture == proposed:
        return _("Posture: %(posture)s, as the strategy advisor proposes.") % {
            "posture": posture.label
        }
    return _("Posture: %(posture)s. The strategy advisor proposed: %(proposed)s.") % {
        "posture": posture.label,
        "proposed": proposed.label,
    }


SENTENCES: dict[tuple[EntryKind, str], Sentence] = {
    (EntryKind.DRAFT, "strategy"): _strategy,
    (EntryKind.DRAFT, "created"): _("%(actor)s started the draft “%(title)s”."),
    (EntryKind.DRAFT, "holding_used"): _holding,
    (EntryKind.DRAFT, "changed"): _("%(actor)s wrote version %(version)s of “%(title)s”."),
    (EntryKind.DRAFT, "submitted"): _(
        "%(actor)s asked for an approval of “%(title)s” version %(version)s."
    ),
    (EntryKind.DRAFT, "taken_back"): _(
        "%(actor)s changed “%(title)s” while it waited for an approval: now version %(version)s."
    ),
    (EntryKind.DRAFT, "leaning"): _(
        "%(actor)s submitted “%(title)s” although it stands on facts that are not verified"
        " (%(facts)s): %(reason)s"
    ),
    (EntryKind.DRAFT, "dropped"): _("%(actor)s dropped the draft “%(title)s”."),
    (EntryKind.APPROVAL, "approved"): _approved,
    (EntryKind.APPROVAL, "undone"): _("%(actor)s took back the approval of “%(title)s”."),
    (EntryKind.APPROVAL, "changes_wanted"): _(
        "%(actor)s asked for changes to “%(title)s”: %(comment)s"
    ),
    (EntryKind.APPROVAL, "approval_lost"): _(
        "%(actor)s changed “%(title)s” after it was approved. The approval is lost; version"
        " %(version)s needs a new one."
    ),
    (EntryKind.APPROVAL, "fell"): _(
        "The approval of “%(title)s” no longer stands: whoever gave it may not approve any more."
    ),
    (EntryKind.APPROVAL, "expired"): _(
        "An approval of “%(title)s” has expired. It waits for a new one."
    ),
    (EntryKind.APPROVAL, "step_approved"): _by_step(
        _(
            "%(name)s approved “%(title)s” version %(version)s for %(step)s. Others are still"
            " asked."
        ),
        _("%(name)s approved “%(title)s” version %(version)s. Others are still asked."),
    ),
    (EntryKind.APPROVAL, "approved_outside"): _outside,
    (EntryKind.APPROVAL, "changes_outside"): _(
        "%(name)s, without an account, asked for changes to “%(title)s”: %(comment)s"
    ),
    (EntryKind.APPROVAL, "asked_outside"): _(
        "%(actor)s asked %(name)s, who has no account, to approve “%(title)s” by a link."
    ),
    (EntryKind.APPROVAL, "link_revoked"): _(
        "%(actor)s took back the link by which %(name)s could approve “%(title)s”."
    ),
    (EntryKind.APPROVAL, "handed_on"): _by_step(
        _("Nobody answered for %(step)s in time: %(deputy)s is asked about “%(title)s” too."),
        _("Nobody answered in time: %(deputy)s is asked about “%(title)s” too."),
    ),
    (EntryKind.APPROVAL, "stuck"): _by_step(
        _("“%(title)s” waits for %(step)s, and nobody is left who could be asked."),
        _("“%(title)s” waits for an approval, and nobody is left who could be asked."),
    ),
    (EntryKind.APPROVAL, "glass"): _(
        "%(actor)s wants “%(title)s” to go out at once, without waiting for those who were asked:"
        " %(reason)s It takes a second person."
    ),
    (EntryKind.APPROVAL, "glass_broken"): _by_step(
        _(
            "%(first)s and %(actor)s broke the glass: “%(title)s” version %(version)s goes out"
            " without %(step)s. %(reason)s"
        ),
        _(
            "%(first)s and %(actor)s broke the glass: “%(title)s” version %(version)s goes out"
            " without an approval. %(reason)s"
        ),
    ),
    (EntryKind.PUBLICATION, "audience_told"): _of_audience(
        _("%(actor)s noted as told: %(audience)s. %(means)s"),
        _("%(actor)s noted as told: %(audience)s."),
    ),
    (EntryKind.PUBLICATION, "audience_waived"): _of_audience(
        _("%(actor)s: %(audience)s need not be told. %(reason)s"),
        _("%(actor)s: %(audience)s need not be told."),
    ),
    (EntryKind.PUBLICATION, "audience_open"): _of_audience(
        _("%(actor)s took back: %(audience)s, not told yet."),
        _("%(actor)s took back: %(audience)s, not told yet."),
    ),
    (EntryKind.PUBLICATION, "order_taken"): _(
        "%(actor)s took over the plan's order of telling: %(order)s."
    ),
    (EntryKind.DECISION, "posture"): decided_words,
    (EntryKind.PUBLICATION, "early"): _early,
    (EntryKind.PUBLICATION, "run_started"): _run_started,
    (EntryKind.PUBLICATION, "run_halted"): _(
        "%(actor)s halted the answer to “%(question)s”: %(count)s did not go out."
    ),
    (EntryKind.PUBLICATION, "sent"): _by_part(
        _("“%(title)s” went out through %(account)s."),
        _("“%(title)s”: part %(part)s of %(parts)s went out through %(account)s."),
    ),
    (EntryKind.PUBLICATION, "edited"): _(
        "“%(title)s”: the text published through %(account)s was edited."
    ),
    (EntryKind.PUBLICATION, "removed"): _(
        "“%(title)s”: the text published through %(account)s was taken down."
    ),
    (EntryKind.PUBLICATION, "failed"): _failed,
    (EntryKind.PUBLICATION, "uncertain"): _by_part(
        _(
            "It is not known whether “%(title)s” went out through %(account)s. Somebody has to"
            " look."
        ),
        _(
            "“%(title)s”: it is not known whether part %(part)s of %(parts)s went out through"
            " %(account)s. What comes after it waits. Somebody has to look."
        ),
    ),
    (EntryKind.PUBLICATION, "settled_sent"): _(
        "%(actor)s looked: “%(title)s” is out through %(account)s."
    ),
    (EntryKind.PUBLICATION, "settled_failed"): _(
        "%(actor)s looked: “%(title)s” is not out through %(account)s."
    ),
    (EntryKind.PUBLICATION, "retried"): _(
        "%(actor)s had “%(title)s” sent again through %(account)s."
    ),
    (EntryKind.PUBLICATION, "withdrawn"): _by_part(
        _("%(actor)s decided that “%(title)s” is not to go out through %(account)s."),
        _(
            "%(actor)s decided that “%(title)s” is not to go out through %(account)s from part"
            " %(part)s of %(parts)s on."
        ),
    ),
}
for (_kind, _code), _sentence in SENTENCES.items():
    register(_kind, _code, _sentence)
