"""Answers comments on the account's own videos."""

from datetime import UTC, datetime

from django.utils.translation import gettext_noop as _

from connectors.base import Connection, Message, PermanentError, ReadError, Receipt, UncertainError
from connectors.rest import Call, fits, looking
from connectors.shapes import items, pick, text

from .client import api

_ONLY_ANSWERS = _(
    "On TikTok only comments are answered. Post a video there by hand, and note that it is out."
)


class TikTokPublisher:
    """Config of the account: {"business": id, "username": name}."""

    max_length = 150

    def __init__(self, connection: Connection) -> None:
        self._rest = api(connection)
        self._business = str(connection.config["business"])
        self._name = str(connection.config["username"])

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        video, _slash, comment = message.reply_to.partition("/")
        if not comment:
            raise PermanentError(_ONLY_ANSWERS)
        document = {
            "business_id": self._business,
            "video_id": video,
            "comment_id": comment,
            "text": message.text,
        }
        where = "/business/comment/reply/create/"
        answer = self._rest.send(Call(where, method="POST", document=document))
        data = pick(answer.data, "data")
        made = text(data, "comment_id") or text(data, "reply_id")
        if not made:
            raise UncertainError(_("TikTok did not say where the answer is."))
        return self._receipt(video, made)

    def find(self, message: Message) -> Receipt | None:
        video, _slash, comment = message.reply_to.partition("/")
        if not comment:
            return None
        try:
            answer = self._rest.read(
                "/business/comment/reply/list/",
                now=datetime.now(UTC),
                business_id=self._business,
                video_id=video,
                comment_id=comment,
                sort_field="create_time",
                sort_order="desc",
                max_count=30,
            )
        except ReadError as error:
            raise looking(error) from error
        data = pick(answer.data, "data")
        for item in [*items(data, "comments"), *items(data, "replies")]:
            if pick(item, "owner") is True and text(item, "text") == message.text:
                return self._receipt(video, text(item, "comment_id"))
        if pick(data, "has_more") is True:
            raise UncertainError(_("The comment has more answers than can be searched at once."))
        return None

    def retract(self, external_id: str) -> None:
        _video, _slash, comment = external_id.partition("/")
        document = {"business_id": self._business, "comment_id": comment}
        self._rest.send(Call("/business/comment/delete/", method="POST", document=document))

    def _receipt(self, video: str, comment: str) -> Receipt:
        return Receipt(f"{video}/{comment}", f"https://www.tiktok.com/@{self._name}/video/{video}")
