"""Posts on a Page, and comments as the Page."""

from typing import Any

from connectors.base import Connection, Message, Receipt
from connectors.meta.graph import facebook
from connectors.meta.publishing import Sender
from connectors.rest import path
from connectors.shapes import text

from .posts import SITE


class FacebookPublisher:
    """Config of the account: {"page": id}."""

    max_length = 8_000

    def __init__(self, connection: Connection) -> None:
        self._sender = Sender(lambda: facebook(connection), connection.secrets)
        self._page = str(connection.config["page"])

    def publish(self, message: Message) -> Receipt:
        answered = message.reply_to
        where = path("/{}/comments", answered) if answered else path("/{}/feed", self._page)
        made = self._sender.post(where, message=message.text)
        return Receipt(made, SITE + made)

    def find(self, message: Message) -> Receipt | None:
        def is_it(item: dict[str, Any]) -> bool:
            own = text(item, "from", "id") in {self._page, ""}
            return own and text(item, "message") == message.text

        where, more = path("/{}/posts", self._page), {}
        if message.reply_to:
            where = path("/{}/comments", message.reply_to)
            more = {"filter": "stream", "order": "reverse_chronological"}
        fields = "id,message,created_time,from,permalink_url"
        found = self._sender.search(where, message, is_it, fields=fields, **more)
        if found is None:
            return None
        return Receipt(text(found, "id"), text(found, "permalink_url") or SITE + text(found, "id"))

    def retract(self, external_id: str) -> None:
        self._sender.delete(external_id)
