"""Publishes on X, as far as X lets programs."""

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

from .client import address, posts_of, rest
from .weight import MOST, weigh

# How far back a lost post is looked for where nobody says when it was queued.
LOOK_BACK = timedelta(hours=1)
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
            if not self._answers_all and (why := self.can_reply(message.reply_to)):
                raise PermanentError(why)
            document["reply"] = {"in_reply_to_tweet_id": message.reply_to}
        answer = self._rest.send(Call("/2/tweets", method="POST", document=document))
        post_id = text(answer.data, "data", "id")
        if not post_id:
            raise UncertainError(_("X did not say where the post is."))
        return Receipt(post_id, address(post_id))

    def can_reply(self, post_id: str, *, now: datetime | None = None) -> Words | None:
        """Return None where X lets a program answer this post, else why not and what to do."""
        now = now or datetime.now(UTC)
        try:
            me = self._rest.read("/2/users/me", now=now)
            answer = self._rest.read(
                "/2/tweets",
                now=now,
                ids=post_id,
                expansions="referenced_tweets.id,author_id",
                **{"tweet.fields": "author_id,entities,referenced_tweets"},
            )
        except Unauthorized as error:
            return error.words
        except ReadError as error:
            raise TemporaryError(error, retry_after=error.retry_after) from error
        posts, _users = posts_of(answer.data)
        if not posts:
            return Words(_("The post that you answer is no longer on X."))
        summoned = _summons(posts[0], answer.data, text(me.data, "data", "id"))
        return None if summoned else Words(_BY_HAND)

    def find(self, message: Message) -> Receipt | None:
        """Look among the account's own posts: X keeps no key, and refuses the same text twice."""
        now = datetime.now(UTC)
        since = (message.since or now - LOOK_BACK) - timedelta(minutes=1)
        try:
            me = self._rest.read("/2/users/me", now=now)
            answer = self._rest.read(
                path("/2/users/{}/tweets", text(me.data, "data", "id")),
                now=now,
                max_results=100,
                start_time=since.strftime("%Y-%m-%dT%H:%M:%SZ"),
                **{"tweet.fields": "referenced_tweets,entities,note_tweet"},
            )
        except ReadError as error:
            raise looking(error) from error
        for post in posts_of(answer.data)[0]:
            if _written(post) == message.text and _answers(post) == message.reply_to:
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


def _summons(post: dict[str, Any], answer: Any, me: str) -> bool:
    """Whether the author called for the account: mentioned it, or quoted a post of its."""
    entities = post.get("entities")
    if any(text(m, "id") == me for m in items(entities, "mentions")):
        return True
    quoted = {
        text(r, "id") for r in items(post, "referenced_tweets") if text(r, "type") == "quoted"
    }
    return any(
        text(other, "id") in quoted and text(other, "author_id") == me
        for other in items(answer, "includes", "tweets")
    )


def _answers(post: dict[str, Any]) -> str:
    found = [r for r in items(post, "referenced_tweets") if text(r, "type") == "replied_to"]
    return text(found[0], "id") if found else ""


def _written(post: dict[str, Any]) -> str:
    """The text as it was sent: X writes its own short addresses into it."""
    written = text(post, "note_tweet", "text") or text(post, "text")
    for link in items(post.get("entities"), "urls"):
        written = written.replace(text(link, "url"), text(link, "expanded_url"))
    return written
