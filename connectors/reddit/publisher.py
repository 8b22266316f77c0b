"""Answers posts and comments on Reddit as the account."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import (
    Connection,
    Message,
    PermanentError,
    ReadError,
    Receipt,
    UncertainError,
)
from connectors.rest import Call, fits, looking, path
from connectors.shapes import items, moment, pick, text

from .client import SITE, api, children

LOOK_BACK = timedelta(hours=1)
_ONLY_ANSWERS = _(
    "Here only posts and comments are answered. Make a post of your own by hand: each community "
    "has its own rules about that."
)


class RedditPublisher:
    """Config of the account: {"username": name}."""

    max_length = 10_000

    def __init__(self, connection: Connection) -> None:
        if not connection.secrets.get("refresh_token"):
            raise PermanentError(_("Answering needs a refresh token of the account."))
        self._rest = api(connection)
        self._name = str(connection.config["username"])

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        if not message.reply_to:
            raise PermanentError(_ONLY_ANSWERS)
        form = {
            "api_type": "json",
            "raw_json": 1,
            "thing_id": message.reply_to,
            "text": message.text,
        }
        answer = self._rest.send(Call("/api/comment", method="POST", form=form))
        things = items(pick(answer.data, "json", "data"), "things")
        made = pick(things[0], "data") if things else None
        if not text(made, "name"):
            raise UncertainError(_("Reddit did not say where the answer is."))
        return _receipt(made)

    def find(self, message: Message) -> Receipt | None:
        now = datetime.now(UTC)
        since = (message.since or now - LOOK_BACK) - timedelta(minutes=1)
        where = path("/user/{}/comments", self._name)
        try:
            answer = self._rest.read(where, now=now, sort="new", limit=100, raw_json=1)
        except ReadError as error:
            raise looking(error) from error
        found = children(answer)
        for item in found:
            if text(item, "parent_id") == message.reply_to and text(item, "body") == message.text:
                return _receipt(item)
        times = [moment(item.get("created_utc")) for item in found]
        more = text(answer.data, "data", "after")
        if more and not any(at is not None and at < since for at in times):
            raise UncertainError(_("More has been posted since than can be searched at once."))
        return None

    def retract(self, external_id: str) -> None:
        """Reddit answers the same, whether it was still there or not."""
        self._rest.send(Call("/api/del", method="POST", form={"id": external_id}))


def _receipt(item: Any) -> Receipt:
    return Receipt(text(item, "name"), SITE + text(item, "permalink"))
