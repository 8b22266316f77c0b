"""Answers reviews on Trustpilot, in the name of a business user. A second answer replaces it."""

from datetime import UTC, datetime

from django.utils.translation import gettext_noop as _

from connectors.base import Connection, Message, PermanentError, ReadError, Receipt
from connectors.rest import Call, Kind, fits, looking, path
from connectors.shapes import text

from .client import SITE, api

_SUFFIX = "#reply"


class TrustpilotPublisher:
    """Config of the account: {"business_user": id}."""

    max_length = 10_000

    def __init__(self, connection: Connection) -> None:
        self._rest = api(connection)
        self._user = connection.config["business_user"]

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        if not message.reply_to:
            raise PermanentError(_("On Trustpilot only reviews can be answered."))
        document = {"authorBusinessUserId": self._user, "message": message.text}
        where = path("/v1/private/reviews/{}/reply", message.reply_to)
        self._rest.send(Call(where, method="POST", document=document))
        return Receipt(message.reply_to + _SUFFIX, SITE + message.reply_to)

    def find(self, message: Message) -> Receipt | None:
        if not message.reply_to or self._reply_to(message.reply_to) != message.text:
            return None
        return Receipt(message.reply_to + _SUFFIX, SITE + message.reply_to)

    def retract(self, external_id: str) -> None:
        review_id = external_id.removesuffix(_SUFFIX)
        where = path("/v1/private/reviews/{}/reply", review_id)
        try:
            self._rest.send(Call(where, method="DELETE"))
        except PermanentError:
            if self._reply_to(review_id):
                raise

    def _reply_to(self, review_id: str) -> str:
        """Return the answer that stands under a review, "" where there is none."""
        call = Call(path("/v1/private/reviews/{}", review_id))
        try:
            answer, verdict = self._rest.ask(call, now=datetime.now(UTC))
        except ReadError as error:
            raise looking(error) from error
        if verdict.kind in {Kind.FINE, Kind.MISSING}:
            return text(answer.data, "companyReply", "text")
        raise looking(ReadError(verdict.words))
