"""What rotas tell people, in words. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions
from notifications.messages import register

register(
    "incidents.duty_given",
    title=_("%(rota)s: you are on call from %(starts_at)s"),
    body=_(
        "You have a duty in %(rota)s, %(brand)s, from %(starts_at)s to "
        "%(ends_at)s. Changed by %(actor)s."
    ),
)
register(
    "incidents.duty_lost",
    title=_("%(rota)s: you are no longer on call from %(starts_at)s"),
    body=_(
        "Somebody else has your duty in %(rota)s, %(brand)s, from "
        "%(starts_at)s to %(ends_at)s. Changed by %(actor)s."
    ),
)
register(
    "incidents.duties_changed",
    title=_("%(rota)s: your duties have changed"),
    body=_(
        "%(actor)s changed %(rota)s, %(brand)s. The first change is from "
        "%(starts_at)s to %(ends_at)s. See all your duties."
    ),
)
register(
    "incidents.swap_asked",
    title=_("%(actor)s asks you to take a duty in %(rota)s"),
    body=_("From %(starts_at)s to %(ends_at)s. Nothing changes until somebody takes it."),
)
register(
    "incidents.swap_taken",
    title=_("%(actor)s takes your duty in %(rota)s"),
    body=_("You are off duty from %(starts_at)s to %(ends_at)s."),
)
register(
    "incidents.swap_yours",
    title=_("You have taken a duty of %(actor)s in %(rota)s"),
    body=_("You are on call from %(starts_at)s to %(ends_at)s."),
)
register(
    "incidents.swap_declined",
    title=_("%(actor)s cannot take your duty in %(rota)s"),
    body=_("You are still on call from %(starts_at)s to %(ends_at)s. Ask somebody else."),
)
register(
    "incidents.swap_withdrawn",
    title=_("%(actor)s no longer needs cover in %(rota)s"),
    body=_("The duty from %(starts_at)s to %(ends_at)s stays where it was."),
)
register(
    "incidents.note_wanted",
    title=_("%(rota)s: your duty ends at %(ends_at)s"),
    body=_("Write a hand-over note: what is going on, what you have promised, what to watch."),
)
register(
    "incidents.duty_soon",
    title=_("%(rota)s: you are on call from %(starts_at)s"),
    body=_("%(line)s, %(brand)s, until %(ends_at)s. Ask for cover if you cannot."),
)
register(
    "incidents.duty_begins",
    title=_("%(rota)s: you are on call now"),
    body=_("%(line)s, %(brand)s, until %(ends_at)s. There is no hand-over note."),
)
register(
    "incidents.duty_begins_with_note",
    title=_("%(rota)s: you are on call now"),
    body=_("%(line)s, %(brand)s, until %(ends_at)s. Note from %(writer)s: %(note)s"),
)
register(
    "incidents.duty_note",
    title=_("%(rota)s: a hand-over note from %(actor)s"),
    body="%(note)s",
)

register(
    "incidents.absence_noted",
    title=_("%(actor)s has noted that you are away from %(starts_at)s"),
    body=_(
        "Until %(ends_at)s the next in turn stands in for you, in every rota. Not so? Say under "
        "My duties that you are back."
    ),
)
register(
    "incidents.absence_ended",
    title=_("%(actor)s has noted that you are back"),
    body=_("You are called in your turns again. Not so? Say under My duties that you are away."),
)
register(
    "incidents.rota_gap",
    title=_("%(rota)s: nobody is called from %(starts_at)s"),
    body=_(
        "%(brand)s: until %(ends_at)s nobody is on duty and there is no fallback. "
        "Put somebody on duty."
    ),
)

register_actions(
    {
        "rota.saved": _("Saved a rota"),
        "rota.archived": _("Gave up a rota"),
        "override.added": _("Put somebody on duty"),
        "override.removed": _("Took a cover back"),
        "absence.added": _("Noted an absence"),
        "absence.removed": _("Ended an absence"),
        "swap.asked": _("Asked for cover"),
        "swap.taken": _("Took a duty over"),
        "swap.declined": _("Declined to cover"),
        "swap.withdrawn": _("Withdrew a request for cover"),
        "hand_over.written": _("Wrote a hand-over note"),
        "feed.added": _("Made a calendar address"),
        "feed.removed": _("Removed a calendar address"),
    }
)
