"""Answers reviews on Google. Each review has one answer: a second replaces the first."""

from datetime import UTC, datetime

from django.utils.translation import gettext_noop as _

from connectors.base import (
    Connection,
    Message,
    PermanentError,
    ReadError,
    Receipt,
    Unauthorized,
)
from connectors.rest import Call, Kind, fits, looking
from connectors.shapes import text

from .client import api, is_review

SITE = "https://business.google.com/reviews"
_SUFFIX = "/reply"


class GoogleBusinessPublisher:
    max_length = 4_000

    def __init__(self, connection: Connection) -> None:
        try:
            self._rest = api(connection)
        except Unauthorized as error:
            raise PermanentError(error) from error

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        if not is_review(message.reply_to):
            raise PermanentError(_("On Google only reviews can be answered."))
        where = "/" + message.reply_to + _SUFFIX
        self._rest.send(Call(where, method="PUT", document={"comment": message.text}))
        return Receipt(message.reply_to + _SUFFIX, SITE)

    def find(self, message: Message) -> Receipt | None:
        if not is_review(message.reply_to):
            return None
        try:
            answer = self._rest.read("/" + message.reply_to, now=datetime.now(UTC))
        except ReadError as error:
            raise looking(error) from error
        found = text(answer.data, "reviewReply", "comment") == message.text
        return Receipt(message.reply_to + _SUFFIX, SITE) if found else None

    def retract(self, external_id: str) -> None:
        name = external_id.removesuffix(_SUFFIX)
        if not is_review(name):
            raise PermanentError(_("On Google only answers to reviews can be taken back."))
        try:
            self._rest.send(Call(f"/{name}{_SUFFIX}", method="DELETE"))
        except PermanentError:
            answer, verdict = self._rest.ask(Call("/" + name), now=datetime.now(UTC))
            if verdict.kind is not Kind.MISSING and text(answer.data, "reviewReply", "comment"):
                raise
