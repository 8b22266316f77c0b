"""What this room tells people, in words. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from notifications.messages import register

register(
    "responses.approval_wanted",
    title=_("%(brand)s: please approve “%(title)s”"),
    body=_("%(person)s asks for your approval in %(reference)s."),
)
register(
    "responses.approved",
    title=_("%(brand)s: “%(title)s” is approved"),
    body=_("%(person)s approved it in %(reference)s. %(comment)s"),
)
register(
    "responses.changes_wanted",
    title=_("%(brand)s: changes wanted in “%(title)s”"),
    body=_("%(person)s writes in %(reference)s: %(comment)s"),
)
register(
    "responses.sent",
    title=_("%(brand)s: “%(title)s” is out"),
    body=_("It went out through %(account)s in %(reference)s."),
)
register(
    "responses.failed",
    title=_("%(brand)s: “%(title)s” did not go out"),
    body=_("It failed through %(account)s in %(reference)s. Open it to see why."),
)
register(
    "responses.uncertain",
    title=_("%(brand)s: is “%(title)s” out?"),
    body=_("It may have gone out through %(account)s in %(reference)s. Look, and say so."),
)
