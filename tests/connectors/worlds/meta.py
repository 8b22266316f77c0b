"""The Graph APIs of Instagram and Threads."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.connectors.worlds import NOW, Answer, Asked, Item, World, filled, recorded, reply

USER = "77"
BOARD = "500"


def stamped(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass
class Meta(World):
    config: dict[str, Any] = field(default_factory=lambda: {"user": USER})
    secrets: dict[str, Any] = field(
        default_factory=lambda: {
            "access_token": "good",
            "app_secret": "shh",
            "verify_token": "blue kettle",
            "expires_at": int(NOW.timestamp()) + 40 * 86_400,
        }
    )
    published: dict[str, dict[str, str]] = field(default_factory=dict)

    def refused(self) -> Answer:
        error = {"code": 100, "message": "Invalid cursor", "type": "OAuthException"}
        return reply({"error": error}, 400)

    def answer(self, asked: Asked) -> Any:
        if asked.path == "/refresh_access_token":
            return recorded("threads", "renewed")
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return reply(recorded("facebook", "token"), 400)
        where = asked.path.split("/")[2:]
        if asked.method == "POST":
            return self.publish(asked, where)
        if asked.method == "DELETE":
            gone = self.published.pop(where[0], None) is None
            missing = reply(recorded("facebook", "missing"), 400)
            return missing if gone else {"success": True}
        return self.read(asked, where)

    def read(self, asked: Asked, where: list[str]) -> Any:
        raise NotImplementedError

    def publish(self, asked: Asked, where: list[str]) -> Any:
        raise NotImplementedError

    def shape(self, item: Item) -> Any:
        raise NotImplementedError

    def listed(self, asked: Asked) -> Answer:
        size = min(int(asked.query["limit"]), self.page)
        page, after = self.paged(self.newest_first(), asked.query.get("after", ""), size)
        body = filled(recorded("facebook", "list"), data=[self.shape(item) for item in page])
        body["paging"]["cursors"]["after"] = after
        if after:
            body["paging"]["next"] = "https://graph.example/next"
        return reply(body)

    def one(self, item_id: str) -> Any:
        if item_id in self.published:
            return {"id": item_id, "permalink": f"https://www.threads.net/p/{item_id}"}
        found = [item for item in self.items if item.id == item_id]
        return self.shape(found[0]) if found else reply(recorded("facebook", "missing"), 400)


@dataclass
class Instagram(Meta):
    network: str = "instagram"

    def read(self, asked: Asked, where: list[str]) -> Any:
        if where == [USER] and "mentioned_comment" in asked.query["fields"]:
            made = filled(recorded("instagram", "comment"), id="3001", text="Se her @fjordkaffe")
            return {"mentioned_comment": made, "id": USER}
        if where == [USER]:
            return {"username": "fjordkaffe", "id": USER}
        if where == [USER, "media"]:
            return {"data": [{"id": BOARD, "comments_count": len(self.items)}]}
        if where == [BOARD, "comments"]:
            return self.listed(asked)
        if where[1:] == ["replies"]:
            return {"data": [self._own(i) for i in self.published]}
        return self.one(where[0])

    def shape(self, item: Item) -> Any:
        return filled(
            recorded("instagram", "comment"),
            id=item.id,
            text=item.text,
            timestamp=stamped(item.at),
        )

    def _own(self, post_id: str) -> Any:
        own = {"id": USER, "username": "fjordkaffe"}
        return {"id": post_id, "text": self.published[post_id]["text"], "from": own}

    def publish(self, asked: Asked, where: list[str]) -> Any:
        made = str(9000 + len(self.published))
        self.published[made] = {"text": asked.form["message"], "reply_to": where[0]}
        return {"id": made}


@dataclass
class Threads(Meta):
    network: str = "threads"
    wanted: dict[str, Any] = field(
        default_factory=lambda: {"words": ["fjordkaffe"], "mentions": "yes"}
    )
    containers: dict[str, dict[str, str]] = field(default_factory=dict)

    def changes(self, asked: Asked) -> bool:
        return asked.path.endswith("/threads_publish")

    def read(self, asked: Asked, where: list[str]) -> Any:
        if where == [USER]:
            return {"username": "fjordkaffe", "id": USER}
        if where in ([USER, "mentions"], ["keyword_search"]):
            return self.listed(asked)
        if where == [USER, "threads"] and "has_replies" in asked.query["fields"]:
            return {"data": [{"id": BOARD, "has_replies": True}]}
        if where[1:] in (["threads"], ["replies"]):
            return {"data": [self._own(i) for i in self.published]}
        if where == [BOARD, "conversation"]:
            return {"data": []}
        return self.one(where[0])

    def shape(self, item: Item) -> Any:
        return filled(
            recorded("threads", "post"), id=item.id, text=item.text, timestamp=stamped(item.at)
        )

    def _own(self, post_id: str) -> Any:
        own = self.published[post_id]
        made = {"id": post_id, "text": own["text"], "owner": {"id": USER}}
        return {**made, **({"replied_to": {"id": own["reply_to"]}} if own["reply_to"] else {})}

    def publish(self, asked: Asked, where: list[str]) -> Any:
        if where == [USER, "threads"]:
            made = str(5000 + len(self.containers))
            answered = asked.form.get("reply_to_id", "")
            self.containers[made] = {"text": asked.form["text"], "reply_to": answered}
            return {"id": made}
        made = str(9000 + len(self.published))
        self.published[made] = self.containers[asked.form["creation_id"]]
        return {"id": made}
