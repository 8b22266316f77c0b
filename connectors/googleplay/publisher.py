"""Answers reviews on Google Play. A second answer replaces the first; none can be taken back."""

from datetime import UTC, datetime

from django.utils.translation import gettext_noop as _

from connectors.base import Connection, Message, PermanentError, ReadError, Receipt
from connectors.rest import Call, fits, looking, path
from connectors.shapes import text

from .client import api, said


class GooglePlayPublisher:
    """Config of the account: {"package": name}."""

    max_length = 350

    def __init__(self, connection: Connection) -> None:
        self._rest = api(connection)
        self._package = str(connection.config["package"])

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        if not message.reply_to:
            raise PermanentError(_("On Google Play only reviews can be answered."))
        where = path("/{}/reviews/{}", self._package, message.reply_to) + ":reply"
        document = {"replyText": message.text}
        self._rest.send(Call(where, method="POST", document=document))
        return self._receipt(message.reply_to)

    def find(self, message: Message) -> Receipt | None:
        if not message.reply_to:
            return None
        now = datetime.now(UTC)
        where = path("/{}/reviews/{}", self._package, message.reply_to)
        try:
            answer = self._rest.read(where, now=now)
        except ReadError as error:
            raise looking(error) from error
        found = text(said(answer.data, "developerComment"), "text") == message.text
        return self._receipt(message.reply_to) if found else None

    def _receipt(self, review_id: str) -> Receipt:
        site = "https://play.google.com/store/apps/details"
        return Receipt(f"{review_id}#reply", f"{site}?id={self._package}&reviewId={review_id}")
