"""Publishes on X, as far as X lets programs."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

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
from connectors.rest import Call, Kind, Rest, looking, path
from connectors.shapes import items, text
from core.words import Words

from . import media
from .client import Asking, address, posts_of, references, rest, words_of
from .weight import MOST, weigh

# How far back a lost post is looked for where nobody says when it was queued.
LOOK_BACK = timedelta(hours=1)
# Where X shows the image of a post.
_IMAGE = re.compile(r"/status/\d+/photo/\d+$")
_BY_HAND = _(
    "X lets programs answer only those who mentioned or quoted the account. "
    "Copy the approved text, post it on X by hand, and note here that it is out."
)


class XPublisher:
    """Config of the account: {"answers": "summoned" or "all"}."""

    max_length = MOST

    def __init__(self, connection: Connection) -> None:
        try:
            self._rest: Rest = rest(connection, as_user=True)
        except Unauthorized as error:
            raise PermanentError(error) from error
        self._posts = Asking(self._rest, authors=False)
        self._answers_all = connection.config.get("answers") == "all"

    def publish(self, message: Message) -> Receipt:
        weight = weigh(message.text)
        if weight > MOST:
            raise PermanentError(
                _("X counts %(weight)d characters and takes 280. Shorten the text."),
                weight=weight,
            )
        document: dict[str, Any] = {"text": message.text}
        if message.reply_to:
            if why := self._refusal(message):
                raise PermanentError(why)
            document["reply"] = {"in_reply_to_tweet_id": message.reply_to}
        if message.images:
            document["media"] = {"media_ids": media.upload(self._rest, message.images)}
        answer = self._rest.send(Call("/2/tweets", method="POST", document=document))
        post_id = text(answer.data, "data", "id")
        if not post_id:
            raise UncertainError(_("X did not say where the post is."))
        return Receipt(post_id, address(post_id))

    def _refusal(self, message: Message) -> Words | None:
        """Why X lets a program not answer this; our own posts it may go on from."""
        own = message.continues or self._answers_all
        return None if own else self.can_reply(message.reply_to)

    def can_reply(self, post_id: str, *, now: datetime | None = None) -> Words | None:
        """Return None where X lets a program answer this post, else why not and what to do."""
        now = now or datetime.now(UTC)
        try:
            me = self._rest.read("/2/users/me", now=now)
            answer = self._posts.read("/2/tweets", now=now, ids=post_id)
            quoted = self._quoted(answer.data, now=now)
        except Unauthorized as error:
            return error.words
        except ReadError as error:
            raise TemporaryError(error, retry_after=error.retry_after) from error
        posts, _users = posts_of(answer.data)
        if not posts:
            return Words(_("The post that you answer is no longer on X."))
        summoned = _summons(posts[0], quoted, text(me.data, "data", "id"))
        return None if summoned else Words(_BY_HAND)

    def _quoted(self, answer: Any, *, now: datetime) -> str:
        """Return who wrote the post that this one quotes, "" where it quotes none."""
        posts, _users = posts_of(answer)
        quoted = references(posts[0]).get("quoted", "") if posts else ""
        if not quoted:
            return ""
        found, _users = posts_of(self._posts.read("/2/tweets", now=now, ids=quoted).data)
        return text(found[0], "author_id") if found else ""

    def find(self, message: Message) -> Receipt | None:
        """Look among the account's own posts: X keeps no key, and refuses the same text twice."""
        now = datetime.now(UTC)
        since = (message.since or now - LOOK_BACK) - timedelta(minutes=1)
        try:
            me = self._rest.read("/2/users/me", now=now)
            answer = self._posts.read(
                path("/2/users/{}/tweets", text(me.data, "data", "id")),
                now=now,
                max_results=100,
                start_time=since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            )
        except ReadError as error:
            raise looking(error) from error
        for post in posts_of(answer.data)[0]:
            answered = references(post).get("replied_to", "")
            if _written(post) == message.text.rstrip() and answered == message.reply_to:
                return Receipt(text(post, "id"), address(text(post, "id")))
        if text(answer.data, "meta", "next_token"):
            raise UncertainError(_("The account has posted more than can be searched at once."))
        return None

    def retract(self, external_id: str) -> None:
        try:
            self._rest.send(Call(path("/2/tweets/{}", external_id), method="DELETE"))
        except PermanentError:
            _answer, verdict = self._rest.ask(
                Call(path("/2/tweets/{}", external_id)), now=datetime.now(UTC)
            )
            # X answers 200 with an error inside for what is not there.
            if verdict.kind is Kind.MISSING or items(_answer.data, "errors"):
                return
            raise


def _summons(post: dict[str, Any], quoted_author: str, me: str) -> bool:
    """Whether the author called for the account: mentioned it, or quoted a post of its."""
    mentioned = items(post.get("entities"), "mentions")
    return quoted_author == me or any(text(each, "id") == me for each in mentioned)


def _written(post: dict[str, Any]) -> str:
    """The text as it was sent: X writes its own short addresses into it, and those of images."""
    written = words_of(post)
    for link in items(post.get("entities"), "urls"):
        shows = "media_key" in link or _IMAGE.search(text(link, "expanded_url"))
        written = written.replace(text(link, "url"), "" if shows else text(link, "expanded_url"))
    return written.rstrip()
