"""Publishes on Bluesky, at most once: the record's key comes from ours, so a second attempt cannot
make a second post, and an attempt whose answer was lost can be looked for."""

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors import uploading
from connectors.base import (
    Message,
    PermanentError,
    Picture,
    PublishError,
    ReadError,
    Receipt,
    TemporaryError,
    UncertainError,
)
from core import http

from . import richtext, tid
from .posts import COLLECTION, address, whose
from .session import Session, SignInRefused, is_outage, publishing, refused, uncertain
from .xrpc import Blob, Json, XrpcError

# Seconds a call; three of them must fit into the time that a publication is waited for.
LOOK, WRITE = 5.0, 9.0


class BlueskyPublisher:
    """Writes posts and answers as the account of a session, in a language ("da"; "" is unsaid)."""

    max_length = richtext.MAX_GRAPHEMES

    def __init__(self, session: Session, language: str = "") -> None:
        self._session = session
        self._language = language

    def publish(self, message: Message) -> Receipt:
        _check_length(message.text)
        record, uri = self._prepared(message)
        try:
            self._write(uri, record)
        except XrpcError as error:
            # So a server answers, too, whose record of this key exists.
            if receipt := self._look(uri):
                return receipt
            raise (uncertain(error) if is_outage(error) else refused(error)) from error
        except (SignInRefused, ReadError) as error:
            raise TemporaryError(error) from error
        except http.Unreachable as error:
            if not error.sent:
                raise TemporaryError(error) from error
            if receipt := self._look(uri):
                return receipt
            raise UncertainError(error) from error
        except http.HttpError as error:
            raise UncertainError(error) from error
        return self._receipt(uri)

    def _prepared(self, message: Message) -> tuple[Json, str]:
        """Make the record and its address; nothing is written yet."""
        try:
            with publishing():
                return self._record(message), self._uri(message)
        except (KeyError, TypeError, AttributeError) as error:
            raise TemporaryError(_("Bluesky's answer cannot be understood.")) from error

    def find(self, message: Message) -> Receipt | None:
        """The account's own server keeps its posts: what it does not have is surely not out."""
        try:
            with publishing():
                return self._found(self._uri(message))
        except PublishError as error:
            raise UncertainError(error) from error

    def retract(self, external_id: str) -> None:
        with publishing():
            did, rkey = whose(external_id)
            if did != self._session.did:
                raise PermanentError(_("This post is not of the connected account."))
            body = {"repo": did, "collection": COLLECTION, "rkey": rkey}
            self._session.call("com.atproto.repo.deleteRecord", body=body, timeout=WRITE)

    def _write(self, uri: str, record: Json) -> None:
        did, rkey = whose(uri)
        body = {"repo": did, "collection": COLLECTION, "rkey": rkey, "record": record}
        self._session.call("com.atproto.repo.createRecord", body=body, timeout=WRITE)

    def _uri(self, message: Message) -> str:
        rkey = tid.of(message.idempotency_key, message.since)
        return f"at://{self._session.did}/{COLLECTION}/{rkey}"

    def _receipt(self, uri: str) -> Receipt:
        return Receipt(uri, address(self._session.handle, whose(uri)[1]))

    def _look(self, uri: str) -> Receipt | None:
        """Look for a post whose answer was lost; None also where even that fails."""
        try:
            with publishing():
                return self._found(uri)
        except PublishError:
            return None

    def _found(self, uri: str) -> Receipt | None:
        query = _place(uri)
        try:
            self._session.call("com.atproto.repo.getRecord", query=query, timeout=LOOK)
        except XrpcError as error:
            if error.name == "RecordNotFound" or error.status == 404:
                return None
            raise
        return self._receipt(uri)

    def _record(self, message: Message) -> Json:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record: Json = {"$type": COLLECTION, "text": message.text, "createdAt": now}
        if self._language:
            record["langs"] = [self._language]
        if found := richtext.facets(message.text, self._resolve):
            record["facets"] = found
        if message.reply_to:
            answered = self._own if message.continues else self._reply
            record["reply"] = answered(message.reply_to)
        if message.images:
            shown = [
                self._image(image, seconds) for image, seconds in uploading.in_time(message.images)
            ]
            record["embed"] = {"$type": "app.bsky.embed.images", "images": shown}
        return record

    def _image(self, image: Picture, seconds: float) -> Json:
        """Upload an image. One that no record ever shows, the server throws away by itself."""
        blob = Blob(image.data, image.media_type)
        method = "com.atproto.repo.uploadBlob"
        return {
            "alt": image.alt,
            "image": self._session.call(method, body=blob, timeout=seconds)["blob"],
            "aspectRatio": {"width": image.width, "height": image.height},
        }

    def _resolve(self, handle: str) -> str:
        method = "com.atproto.identity.resolveHandle"
        try:
            did = self._session.call(method, query={"handle": handle}, timeout=LOOK).get("did")
        except XrpcError as error:
            if error.status == 400:
                return ""
            raise
        return did if isinstance(did, str) else ""

    def _own(self, uri: str) -> dict[str, Any]:
        """Refer to our own post, as our own server has it: others learn of it later."""
        try:
            found = self._session.call(
                "com.atproto.repo.getRecord", query=_place(uri), timeout=LOOK
            )
        except XrpcError as error:
            if error.name == "RecordNotFound":
                raise PermanentError(_("The part before this one is gone.")) from error
            raise
        parent, above = _reference(found), found["value"].get("reply")
        return {"root": _reference(above["root"]) if above else parent, "parent": parent}

    def _reply(self, uri: str) -> dict[str, Any]:
        """Refer to the post that is answered, and to the one that began its thread."""
        query = {"uris": [uri]}
        posts = self._session.call("app.bsky.feed.getPosts", query=query, timeout=LOOK).get("posts")
        if not posts:
            raise PermanentError(_("The post to be answered is gone, or its author blocks us."))
        view = posts[0]
        if (view.get("viewer") or {}).get("replyDisabled"):
            raise PermanentError(_("The author has limited who may answer this post."))
        parent = _reference(view)
        above = view["record"].get("reply")
        return {"root": _reference(above["root"]) if above else parent, "parent": parent}


def _place(uri: str) -> dict[str, str]:
    did, rkey = whose(uri)
    return {"repo": did, "collection": COLLECTION, "rkey": rkey}


def _reference(view: Json) -> Json:
    return {"uri": str(view["uri"]), "cid": str(view["cid"])}


def _check_length(text: str) -> None:
    if richtext.graphemes(text) > richtext.MAX_GRAPHEMES:
        raise PermanentError(
            _("Bluesky takes %(most)d characters, this has %(count)d."),
            most=richtext.MAX_GRAPHEMES,
            count=richtext.graphemes(text),
        )
    if len(text.encode()) > richtext.MAX_BYTES:
        raise PermanentError(
            _("Bluesky takes %(most)d bytes, this has %(count)d: emoji and accents count more."),
            most=richtext.MAX_BYTES,
            count=len(text.encode()),
        )
