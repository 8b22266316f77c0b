"""Posts on LinkedIn as the page, and comments as it."""

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import (
    Connection,
    Message,
    PermanentError,
    ReadError,
    Receipt,
    UncertainError,
)
from connectors.rest import Answer, Call, Kind, fits, looking, read_error
from connectors.shapes import items, text

from . import media
from .client import SITE, anywhere, api, comment_urn, organization, parts, plain, written


class LinkedInPublisher:
    """Config of the account: {"organization": number}."""

    max_length = 3_000

    def __init__(self, connection: Connection) -> None:
        self._rest = api(connection)
        self._anywhere = anywhere(connection)
        self._owner = organization(connection)

    def publish(self, message: Message) -> Receipt:
        fits(message, self.max_length)
        return self._answer(message) if message.reply_to else self._post(message)

    def _post(self, message: Message) -> Receipt:
        document: dict[str, Any] = {
            "author": self._owner,
            "commentary": plain(message.text),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        if message.images:
            shown = media.content(self._rest, self._anywhere, self._owner, message.images)
            document["content"] = shown
        answer = self._rest.send(Call("/posts", method="POST", document=document))
        return _receipt(answer.headers.get("x-restli-id", "") or text(answer.data, "id"))

    def _answer(self, message: Message) -> Receipt:
        """Answer a comment, or comment on a post. An answer names what it hangs under twice."""
        found = parts(message.reply_to)
        commented = found[0] if found else message.reply_to
        document: dict[str, Any] = {
            "actor": self._owner,
            "object": commented,
            "message": {"text": message.text},
        }
        if found:
            document["parentComment"] = message.reply_to
        where = f"/socialActions/{written(message.reply_to)}/comments"
        answer = self._rest.send(Call(where, method="POST", document=document))
        made, number = text(answer.data, "commentUrn"), text(answer.data, "id")
        if not made and number:
            made = f"urn:li:comment:({commented},{number})"
        return _receipt(comment_urn(made))

    def find(self, message: Message) -> Receipt | None:
        if message.reply_to:
            where = f"/socialActions/{written(message.reply_to)}/comments?count=100"
        else:
            where = f"/posts?q=author&author={written(self._owner)}&count=50&sortBy=LAST_MODIFIED"
        for item in items(self._read(where).data, "elements"):
            own = (text(item, "actor") or text(item, "author")) == self._owner
            said = text(item, "message", "text") or text(item, "commentary")
            if own and said in {message.text, plain(message.text)}:
                urn = text(item, "commentUrn") or text(item, "id")
                return _receipt(comment_urn(urn))
        return None

    def retract(self, external_id: str) -> None:
        found = parts(external_id)
        where = f"/posts/{written(external_id)}"
        if found:
            actor = f"?actor={written(self._owner)}"
            where = f"/socialActions/{written(found[0])}/comments/{written(found[1])}"
            self._delete(where + actor, where)
        else:
            self._delete(where, where)

    def _delete(self, where: str, seen: str) -> None:
        call = Call(where, method="DELETE", headers={"X-RestLi-Method": "DELETE"})
        try:
            self._rest.send(call)
        except PermanentError:
            _answer, verdict = self._rest.ask(Call(seen), now=datetime.now(UTC))
            if verdict.kind is not Kind.MISSING:
                raise

    def _read(self, where: str) -> Answer:
        try:
            answer, verdict = self._rest.ask(Call(where), now=datetime.now(UTC))
        except ReadError as error:
            raise looking(error) from error
        if verdict.kind is not Kind.FINE:
            raise looking(read_error(verdict))
        return answer


def _receipt(urn: str) -> Receipt:
    if not urn:
        raise UncertainError(_("LinkedIn did not say where the post is."))
    found = parts(urn)
    return Receipt(urn, SITE + (found[0] if found else urn))
