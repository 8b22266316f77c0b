"""Answers comments and mentions on Instagram. A post needs a picture, so none is made here."""

from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import Connection, Message, PermanentError, Receipt, UncertainError
from connectors.meta.publishing import Sender
from connectors.rest import fits, path
from connectors.shapes import text

from .client import MENTION, SITE, api

_NEEDS_PICTURE = _(
    "Instagram takes no post without a picture. Answer a comment here, or post by hand in "
    "Instagram and note that it is out."
)
_CANNOT_SEARCH = _("Instagram does not show answers to mentions elsewhere. Look there yourself.")


class InstagramPublisher:
    """Config of the account: {"user": id}."""

    max_length = 2_200

    def __init__(self, connection: Connection) -> None:
        self._sender = Sender(lambda: api(connection), connection.secrets)
        self._user = str(connection.config["user"])

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        if not message.reply_to:
            raise PermanentError(_NEEDS_PICTURE)
        if message.reply_to.startswith(MENTION + ":"):
            _mention, media, comment = message.reply_to.split(":", 2)
            form = {"media_id": media, "comment_id": comment or None, "message": message.text}
            made = self._sender.post(path("/{}/mentions", self._user), **form)
        else:
            where = path("/{}/replies", message.reply_to)
            made = self._sender.post(where, message=message.text)
        return Receipt(made, SITE)

    def find(self, message: Message) -> Receipt | None:
        if not message.reply_to:
            return None
        if message.reply_to.startswith(MENTION):
            raise UncertainError(_CANNOT_SEARCH)

        def is_it(item: dict[str, Any]) -> bool:
            own = text(item, "from", "id") in {self._user, ""}
            return own and text(item, "text") == message.text

        where = path("/{}/replies", message.reply_to)
        found = self._sender.search(where, message, is_it, fields="id,text,timestamp,from")
        return Receipt(text(found, "id"), SITE) if found else None

    def retract(self, external_id: str) -> None:
        self._sender.delete(external_id)
