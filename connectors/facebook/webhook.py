"""What Meta tells of a Page: posts and comments of others, their edits and deletions."""

from datetime import datetime

from connectors.base import Batch, Connection, Post
from connectors.meta.webhook import changes
from connectors.network import Event, Wanted
from connectors.shapes import text

from .posts import told

_FIELDS = {"feed", "mention"}
# What somebody said; what the Page did with it (hide, block) changes nothing here.
_SAID = {"add", "edit", "edited", "update", "unhide", ""}
_ITEMS = {"comment", "post", "status", "photo", "video", "share", "mention", ""}


def receive(event: Event, connection: Connection, _wanted: Wanted, _now: datetime) -> Batch:
    page = str(connection.config["page"])
    posts: list[Post] = []
    gone: list[str] = []
    for name, value, at in changes(event.document(), kind="page", owner=page):
        if name not in _FIELDS or text(value, "item") not in _ITEMS:
            continue
        verb = text(value, "verb")
        if verb in {"remove", "delete"}:
            gone.append(text(value, "comment_id") or text(value, "post_id"))
        elif verb in _SAID and (post := told(value, page=page, at=at)):
            posts.append(post)
    return Batch(posts, {}, gone=[each for each in gone if each])
