"""Answers reviews in the App Store. Apple shows an answer after a day at the most."""

from datetime import UTC, datetime

from django.utils.translation import gettext_noop as _

from connectors.base import (
    Connection,
    Message,
    PermanentError,
    ReadError,
    Receipt,
    UncertainError,
)
from connectors.rest import Answer, Call, Kind, Verdict, fits, looking, path, read_error
from connectors.shapes import text

from .client import api

SITE = "https://appstoreconnect.apple.com/"


class AppStorePublisher:
    max_length = 5_970

    def __init__(self, connection: Connection) -> None:
        self._rest = api(connection)

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        if not message.reply_to:
            raise PermanentError(_("In the App Store only reviews can be answered."))
        document = {
            "data": {
                "type": "customerReviewResponses",
                "attributes": {"responseBody": message.text},
                "relationships": {
                    "review": {"data": {"type": "customerReviews", "id": message.reply_to}}
                },
            }
        }
        call = Call("/v1/customerReviewResponses", method="POST", document=document)
        answer = self._rest.send(call)
        made = text(answer.data, "data", "id")
        if not made:
            raise UncertainError(_("Apple did not say where the answer is."))
        return Receipt(made, SITE)

    def find(self, message: Message) -> Receipt | None:
        if not message.reply_to:
            return None
        where = path("/v1/customerReviews/{}/response", message.reply_to)
        answer, verdict = self._ask(where)
        if verdict.kind is Kind.MISSING:
            return None
        if verdict.kind is not Kind.FINE:
            raise looking(read_error(verdict))
        if text(answer.data, "data", "attributes", "responseBody") != message.text:
            return None
        return Receipt(text(answer.data, "data", "id"), SITE)

    def retract(self, external_id: str) -> None:
        where = path("/v1/customerReviewResponses/{}", external_id)
        try:
            self._rest.send(Call(where, method="DELETE"))
        except PermanentError:
            _answer, verdict = self._ask(where)
            if verdict.kind is not Kind.MISSING:
                raise

    def _ask(self, where: str) -> tuple[Answer, Verdict]:
        try:
            return self._rest.ask(Call(where), now=datetime.now(UTC))
        except ReadError as error:
            raise looking(error) from error
