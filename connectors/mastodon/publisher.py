"""Publishes to a Mastodon server, once: servers that ignore the idempotency key included.

Mastodon keeps such a key for an hour, and others that speak its API do not know it. So before
anything is sent, the account's own posts are looked at for one that says the same in answer to the
same.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from connectors import counting
from connectors.base import (
    Connection,
    Message,
    PermanentError,
    ReadError,
    Receipt,
    TemporaryError,
    Unauthorized,
    UncertainError,
)
from core import http

from . import media
from .client import PAGE, Answer, Client, Declined, Limits, NotThere, moment, text, wait_of
from .posts import words_of

VISIBILITIES = ("public", "unlisted", "private", "direct")
# By how much the server's clock may be behind ours, and how far back to look where nobody says.
SKEW = timedelta(minutes=10)
LOOK_BACK = timedelta(days=1)
# Own posts looked through; an account that posts more in that time cannot be searched.
PAGES = 5
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_PERSON = re.compile(r"(?<![\w/])(@\w+(?:[.-]+\w+)*)@\w+(?:[.-]+\w+)*")
_ADDRESSED = re.compile(r"^\s*(?:@\w+(?:[.-]+\w+)*\s+)+")
_NO_WORD = re.compile(r"[\W_]+")


def length(words: str, limits: Limits) -> int:
    """Count a text as the server does, in characters as people see them: addresses at a fixed
    length, "@user@host" as "@user"."""
    counted = _PERSON.sub(r"\1", _ADDRESS.sub("\ufffc" * limits.per_url, words))
    return counting.graphemes(counted)


def measure(config: Mapping[str, Any], words: str) -> tuple[int, int]:
    """Return a text's length in an account, and how long it may be as far as we were told."""
    usual = Limits()
    limits = Limits(
        characters=int(config.get("characters") or usual.characters),
        per_url=int(config.get("per_url") or usual.per_url),
    )
    return length(words, limits), limits.characters


class MastodonPublisher:
    """Account config: {"server", "visibility", "language"}; credentials: {"token"}."""

    # The usual one. What this server really takes is asked of it before anything is sent.
    max_length = Limits().characters

    def __init__(self, client: Client, connection: Connection) -> None:
        self._client = client
        self._visibility = connection.config.get("visibility") or "public"
        self._language = connection.config.get("language") or ""

    def publish(self, message: Message) -> Receipt:
        earlier, post = self._before(message)
        if earlier is not None:
            return earlier
        key = {"Idempotency-Key": message.idempotency_key}
        try:
            answer = self._client.call("POST", "/api/v1/statuses", body=post, headers=key)
        except http.Blocked as error:
            raise PermanentError(error) from error
        except http.Unreachable as error:
            raise (UncertainError if error.sent else TemporaryError)(error) from error
        except http.TooLarge as error:
            raise UncertainError(error) from error
        return _receipt_or_error(answer)

    def find(self, message: Message) -> Receipt | None:
        """Look for it among the account's own posts since it was queued."""
        try:
            return self._find(message)
        except ReadError as error:
            raise UncertainError(error) from error

    def edit(self, external_id: str, message: Message) -> Receipt:
        """Put other words in the place of a post's; whom it answers is addressed as before."""
        try:
            post = self._post(message)
            # Mastodon takes away the images that an edit does not name.
            post["media_ids"] = media.upload(self._client, message.images)
        except ReadError as error:
            raise TemporaryError(error, retry_after=error.retry_after) from error
        changed = {n: post[n] for n in ("status", "language", "media_ids") if post.get(n)}
        path = f"/api/v1/statuses/{quote(external_id, safe='')}"
        try:
            answer = self._client.call("PUT", path, body=changed)
        except http.HttpError as error:
            raise UncertainError(error) from error
        return _receipt_or_error(answer)

    def retract(self, external_id: str) -> None:
        """Delete a post; one that is gone is no error."""
        path = f"/api/v1/statuses/{quote(external_id, safe='')}"
        try:
            answer = self._client.call("DELETE", path)
        except http.HttpError as error:
            raise UncertainError(error) from error
        if answer.status not in {404, 410} and not answer.ok:
            raise _error(answer)

    def _before(self, message: Message) -> tuple[Receipt | None, dict[str, Any]]:
        """Everything that can fail before a post is sent: surely not published yet."""
        try:
            earlier = self._find(message)
            post = self._post(message)
            _refuse_long(post["status"], self._client.limits)
            if message.images and earlier is None:
                post["media_ids"] = media.upload(self._client, message.images)
        except (Declined, Unauthorized) as error:
            raise PermanentError(error) from error
        except ReadError as error:
            raise TemporaryError(error, retry_after=error.retry_after) from error
        return earlier, post

    def _post(self, message: Message) -> dict[str, Any]:
        post = {"status": message.text, "visibility": self._visibility}
        if self._language:
            post["language"] = self._language
        if message.reply_to:
            answered = self._answered(message.reply_to)
            post["in_reply_to_id"] = message.reply_to
            if not message.continues:
                post["status"] = _addressed(message.text, answered)
            post["visibility"] = _narrower(self._visibility, answered)
        return post

    def _answered(self, external_id: str) -> Any:
        try:
            return self._client.get(f"/api/v1/statuses/{quote(external_id, safe='')}")
        except NotThere as error:
            raise PermanentError(_("The post to be answered is gone.")) from error

    def _find(self, message: Message) -> Receipt | None:
        now = datetime.now(UTC)
        since = (message.since or now - LOOK_BACK) - SKEW
        path = f"/api/v1/accounts/{quote(text(self._client.me['id']), safe='')}/statuses"
        before = None
        for _page in range(PAGES):
            found = self._client.get(path, limit=PAGE, exclude_reblogs="true", max_id=before)
            statuses = [each for each in found if isinstance(each, dict)] if found else []
            for status in statuses:
                if _is_it(status, message, since):
                    return _receipt(status)
            if not statuses or _is_before(statuses[-1], since):
                return None
            before = text(statuses[-1].get("id"))
        raise ReadError(_("The account has posted too much since to be looked through."))


def _refuse_long(words: str, limits: Limits) -> None:
    size = length(words, limits)
    if size > limits.characters:
        raise PermanentError(
            _("This is too long for the server: %(size)d of at most %(most)d characters."),
            size=size,
            most=limits.characters,
        )


def _is_it(status: dict[str, Any], message: Message, since: datetime) -> bool:
    """Whether one of our posts is this message. Servers change links, names and marks a little."""
    if _is_before(status, since) or text(status.get("in_reply_to_id")) != message.reply_to:
        return False
    return _bare(words_of(status)) == _bare(message.text)


def _bare(words: str) -> str:
    """The letters and digits of a text, without the people it is addressed to (`_addressed` may
    have put one there) and the hosts of those it names."""
    words = _ADDRESSED.sub("", _PERSON.sub(r"\1", words))
    folded = unicodedata.normalize("NFKC", words).casefold()
    return _NO_WORD.sub("", folded) or folded.strip()


def _is_before(status: dict[str, Any], since: datetime) -> bool:
    at = moment(status.get("created_at"))
    return at is not None and at < since


def _addressed(words: str, answered: Any) -> str:
    """Put the name of whom we answer before the text, or their server never hears of it."""
    author = answered.get("account") if isinstance(answered, dict) else None
    name = text(author.get("acct")) if isinstance(author, dict) else ""
    if not name or f"@{name}".casefold() in words.casefold():
        return words
    return f"@{name} {words}"


def _narrower(visibility: str, answered: Any) -> str:
    """An answer is never seen by more people than what it answers."""
    theirs = answered.get("visibility") if isinstance(answered, dict) else None
    known = [each for each in (visibility, theirs) if each in VISIBILITIES]
    return max(known, key=VISIBILITIES.index, default="public")


def _receipt_or_error(answer: Answer) -> Receipt:
    if answer.ok:
        if isinstance(answer.data, dict) and text(answer.data.get("id")):
            return _receipt(answer.data)
        raise UncertainError(_("The server's answer does not say whether it has published."))
    raise _error(answer)


def _error(answer: Answer) -> PermanentError | TemporaryError | UncertainError:
    if answer.status == 429:
        return TemporaryError(answer.told, retry_after=wait_of(answer.headers))
    if 300 <= answer.status < 500 and answer.status != 408:
        return PermanentError(answer.told)
    # It had the text before it failed: nobody can tell from here what it did with it.
    return UncertainError(answer.told)


def _receipt(status: dict[str, Any]) -> Receipt:
    return Receipt(text(status.get("id")), text(status.get("url")) or text(status.get("uri")))
