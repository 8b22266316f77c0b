"""Why a post did not go out, in words: our own codes, a shared one, or a connector's words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from responses import problems

WORDS: dict[str, Promise] = {
    "late": _("Its time had passed before it could be sent. Give it a new one, or drop it."),
}


def words(error: str) -> str:
    """What stands in `ScheduledPost.error`, for the reader."""
    return str(WORDS.get(error) or problems.words(error))
