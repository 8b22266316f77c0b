"""How this room's timeline entries are told. Imported by the AppConfig."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from incidents.entries import Params, Sentence, register
from incidents.enums import EntryKind

from .enums import Chore


def _pressed(params: Params) -> str:
    by = params.get("actor")
    said = (
        ngettext(
            "%(actor)s paused marketing: %(held)d post is held. %(reason)s",
            "%(actor)s paused marketing: %(held)d posts are held. %(reason)s",
            params["held"],
        )
        if by
        else ngettext(
            "The escalation policy paused marketing: %(held)d post is held.",
            "The escalation policy paused marketing: %(held)d posts are held.",
            params["held"],
        )
    )
    return said % params


def _ended(params: Params) -> str:
    said = ngettext(
        "%(actor)s let marketing go on. %(left)d held post still waits for a decision.",
        "%(actor)s let marketing go on. %(left)d held posts still wait for a decision.",
        params["left"],
    )
    return said % params


def _ticked(params: Params) -> str:
    chore = params["chore"]
    label = Chore(chore).label if chore in Chore.values else chore
    return gettext("%(actor)s stopped by hand: %(what)s (%(chore)s).") % {**params, "chore": label}


SENTENCES: dict[str, Sentence] = {
    "pressed": _pressed,
    "ended": _ended,
    "ticked": _ticked,
    "unticked": _("%(actor)s took a tick back: %(what)s has not been stopped."),
    "prolonged": _("%(actor)s changed when the pause of marketing is to end."),
    "taken_over": _("%(actor)s now decides about the held posts."),
}
for _code, _sentence in SENTENCES.items():
    register(EntryKind.PUBLICATION, f"pause_{_code}", _sentence)
