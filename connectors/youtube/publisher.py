"""Answers comments as the channel. Each answer costs fifty units of the day's ten thousand."""

from datetime import UTC, datetime

from django.utils.translation import gettext_noop as _

from connectors.base import (
    Connection,
    Message,
    PermanentError,
    ReadError,
    Receipt,
    Unauthorized,
    UncertainError,
)
from connectors.rest import Call, fits, looking
from connectors.shapes import items, pick, text

from .client import address, api

_ONLY_ANSWERS = _("On YouTube only comments can be answered. Post a video or a post there by hand.")


class YouTubePublisher:
    """Config of the account: {"channel": id}."""

    max_length = 10_000

    def __init__(self, connection: Connection) -> None:
        if not connection.secrets.get("refresh_token"):
            raise PermanentError(_("Answering needs a refresh token of the channel's owner."))
        try:
            self._rest = api(connection)
        except Unauthorized as error:
            raise PermanentError(error) from error
        self._channel = str(connection.config["channel"])

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        if not message.reply_to:
            raise PermanentError(_ONLY_ANSWERS)
        snippet = {"parentId": _thread(message.reply_to), "textOriginal": message.text}
        call = Call(
            "/comments", method="POST", params={"part": "snippet"}, document={"snippet": snippet}
        )
        answer = self._rest.send(call)
        made = text(answer.data, "id")
        if not made:
            raise UncertainError(_("YouTube did not say where the answer is."))
        return Receipt(made, address(made, text(answer.data, "snippet", "videoId")))

    def find(self, message: Message) -> Receipt | None:
        if not message.reply_to:
            return None
        token, now = "", datetime.now(UTC)
        while True:
            try:
                answer = self._rest.read(
                    "/comments",
                    now=now,
                    part="snippet",
                    parentId=_thread(message.reply_to),
                    maxResults=100,
                    pageToken=token,
                    textFormat="plainText",
                )
            except (ReadError, Unauthorized) as error:
                raise looking(error) from error
            for item in items(answer.data, "items"):
                snippet = pick(item, "snippet")
                own = text(snippet, "authorChannelId", "value") == self._channel
                if own and text(snippet, "textOriginal") == message.text:
                    return Receipt(text(item, "id"), address(text(item, "id"), ""))
            token = text(answer.data, "nextPageToken")
            if not token:
                return None

    def retract(self, external_id: str) -> None:
        try:
            self._rest.send(Call("/comments", method="DELETE", params={"id": external_id}))
        except PermanentError:
            now = datetime.now(UTC)
            answer = self._rest.read("/comments", now=now, part="id", id=external_id)
            if items(answer.data, "items"):
                raise


def _thread(comment_id: str) -> str:
    """Answers to answers hang under the thread, whose id begins theirs."""
    return comment_id.partition(".")[0]
