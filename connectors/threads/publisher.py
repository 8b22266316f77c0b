"""Publishes on Threads in two steps: a container, which nobody sees, and its publication."""

from datetime import UTC, datetime
from typing import Any

from connectors.base import (
    Connection,
    Message,
    ReadError,
    Receipt,
    TemporaryError,
    UncertainError,
)
from connectors.counting import emoji_as_bytes
from connectors.meta.publishing import Sender
from connectors.rest import fits, path
from connectors.shapes import text

from .client import SITE, api


class ThreadsPublisher:
    """Config of the account: {"user": id}."""

    max_length = 500

    def __init__(self, connection: Connection) -> None:
        # The proof by the app's secret is the Graph API's: Threads does not ask for it.
        self._sender = Sender(lambda: api(connection), {})
        self._user = str(connection.config["user"])

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length, counted=emoji_as_bytes(message.text))
        container = self._container(message)
        made = self._sender.post(path("/{}/threads_publish", self._user), creation_id=container)
        return self._receipt(made)

    def _receipt(self, post_id: str) -> Receipt:
        """The post's address is asked for; it is out, whether or not that succeeds."""
        try:
            answer = self._sender.rest.read(
                path("/{}", post_id), now=datetime.now(UTC), fields="permalink"
            )
        except ReadError:
            return Receipt(post_id, SITE)
        return Receipt(post_id, text(answer.data, "permalink") or SITE)

    def _container(self, message: Message) -> str:
        """Make the container. One whose answer is lost stays unseen: another may be made."""
        try:
            return self._sender.post(
                path("/{}/threads", self._user),
                media_type="TEXT",
                text=message.text,
                reply_to_id=message.reply_to or None,
            )
        except UncertainError as error:
            raise TemporaryError(error) from error

    def find(self, message: Message) -> Receipt | None:
        def is_it(item: dict[str, Any]) -> bool:
            answered = text(item, "replied_to", "id")
            return text(item, "text") == message.text and message.reply_to in {"", answered}

        own = "/{}/replies" if message.reply_to else "/{}/threads"
        fields = "id,text,timestamp,replied_to"
        found = self._sender.search(path(own, self._user), message, is_it, fields=fields)
        return self._receipt(text(found, "id")) if found else None

    def retract(self, external_id: str) -> None:
        self._sender.delete(external_id)
