"""How this room's timeline entries are told. Imported by the AppConfig."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from incidents.entries import Params, Sentence, register
from incidents.enums import EntryKind

from . import problems


def _approved(params: Params) -> str:
    count = params["count"]
    said = ngettext(
        "%(actor)s approved “%(title)s” version %(version)s for %(count)d account.",
        "%(actor)s approved “%(title)s” version %(version)s for %(count)d accounts.",
        count,
    )
    return said % params


def _failed(params: Params) -> str:
    return gettext("“%(title)s” did not go out through %(account)s. %(problem)s") % {
        **params,
        "problem": problems.words(params.get("error", "")),
    }


SENTENCES: dict[tuple[EntryKind, str], Sentence] = {
    (EntryKind.DRAFT, "created"): _("%(actor)s started the draft “%(title)s”."),
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
    (EntryKind.PUBLICATION, "sent"): _("“%(title)s” went out through %(account)s."),
    (EntryKind.PUBLICATION, "failed"): _failed,
    (EntryKind.PUBLICATION, "uncertain"): _(
        "It is not known whether “%(title)s” went out through %(account)s. Somebody has to look."
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
    (EntryKind.PUBLICATION, "withdrawn"): _(
        "%(actor)s decided that “%(title)s” is not to go out through %(account)s."
    ),
}
for (_kind, _code), _sentence in SENTENCES.items():
    register(_kind, _code, _sentence)
