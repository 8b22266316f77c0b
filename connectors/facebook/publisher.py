"""Posts on a Page, and comments as the Page."""

import json
from typing import Any

from connectors import uploading
from connectors.base import Connection, Message, Receipt
from connectors.meta.graph import facebook
from connectors.meta.publishing import Sender
from connectors.rest import fits, path
from connectors.shapes import text

from .posts import SITE


class FacebookPublisher:
    """Config of the account: {"page": id}."""

    max_length = 8_000

    def __init__(self, connection: Connection) -> None:
        self._sender = Sender(lambda: facebook(connection), connection.secrets)
        self._page = str(connection.config["page"])

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        answered = message.reply_to
        where = path("/{}/comments", answered) if answered else path("/{}/feed", self._page)
        made = self._sender.post(where, message=message.text, **self._attached(message))
        return Receipt(made, SITE + made)

    def _attached(self, message: Message) -> dict[str, str]:
        """Upload the images with their alt texts, unseen; return the fields that show them."""
        with uploading.unseen():
            ids = [
                self._sender.upload(
                    path("/{}/photos", self._page),
                    image,
                    seconds=seconds,
                    published="false",
                    alt_text_custom=image.alt,
                )
                for image, seconds in uploading.in_time(message.images)
            ]
        return {f"attached_media[{at}]": json.dumps({"media_fbid": i}) for at, i in enumerate(ids)}

    def find(self, message: Message) -> Receipt | None:
        def is_it(item: dict[str, Any]) -> bool:
            own = text(item, "from", "id") in {self._page, ""}
            return own and text(item, "message") == message.text

        where, more = path("/{}/posts", self._page), {}
        if message.reply_to:
            where = path("/{}/comments", message.reply_to)
            more = {"filter": "stream", "order": "reverse_chronological"}
        fields = "id,message,created_time,from"
        found = self._sender.search(where, message, is_it, fields=fields, **more)
        return Receipt(text(found, "id"), SITE + text(found, "id")) if found else None

    def retract(self, external_id: str) -> None:
        self._sender.delete(external_id)
