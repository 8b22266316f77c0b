"""The Graph API of a Facebook Page."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.connectors.worlds import Answer, Asked, Item, World, filled, recorded, reply

PAGE = "55"
BOARD = "55_100"


@dataclass
class Facebook(World):
    network: str = "facebook"
    config: dict[str, Any] = field(default_factory=lambda: {"page": PAGE})
    secrets: dict[str, Any] = field(
        default_factory=lambda: {
            "access_token": "good",
            "app_secret": "shh",
            "verify_token": "blue kettle",
        }
    )
    wanted: dict[str, Any] = field(default_factory=lambda: {"tagged": "yes"})
    published: dict[str, dict[str, str]] = field(default_factory=dict)

    def new_id(self, number: int, at: datetime) -> str:
        return f"100_{1000 + number}"

    def refused(self) -> Answer:
        error = {"code": 100, "message": "Invalid cursor", "type": "OAuthException"}
        return reply({"error": error}, 400)

    def answer(self, asked: Asked) -> Any:
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return reply(recorded("facebook", "token"), 400)
        where = asked.path.split("/")[2:]
        if asked.method == "POST":
            return self._publish(asked, where)
        if asked.method == "DELETE":
            return self._delete(where[0])
        if where == [PAGE]:
            return {"name": "Fjordkaffe", "id": PAGE}
        if where in ([PAGE, "feed"], [PAGE, "tagged"], [PAGE, "posts"]):
            return self._list(where[1], asked)
        if where == [BOARD, "comments"]:
            return self._page(self.newest_first(), asked)
        return self._one(where)

    def _list(self, name: str, asked: Asked) -> Any:
        if "comments" in asked.query["fields"]:
            board = filled(
                recorded("facebook", "board"), comments__summary__total_count=len(self.items)
            )
            return filled(recorded("facebook", "list"), data=[board])
        own = [self._own(i) for i, p in self.published.items() if not p["reply_to"]]
        return filled(recorded("facebook", "list"), data=own if name != "tagged" else [])

    def _page(self, found: list[Item], asked: Asked) -> Any:
        size = min(int(asked.query["limit"]), self.page)
        page, after = self.paged(found, asked.query.get("after", ""), size)
        answers = [self._own(i) for i, p in self.published.items() if p["reply_to"]]
        body = filled(
            recorded("facebook", "list"), data=answers + [self._comment(item) for item in page]
        )
        body["paging"]["cursors"]["after"] = after
        if after:
            body["paging"]["next"] = "https://graph.facebook.com/next"
        return reply(body, x_app_usage='{"call_count":28,"total_time":25,"total_cputime":25}')

    def _comment(self, item: Item) -> Any:
        return filled(
            recorded("facebook", "comment"),
            id=item.id,
            message=item.text,
            created_time=item.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        )

    def _own(self, post_id: str) -> Any:
        own = self.published[post_id]
        return filled(
            recorded("facebook", "comment"),
            id=post_id,
            message=own["text"],
            **{"from": {"id": PAGE, "name": "Fjordkaffe"}},
        )

    def _one(self, where: list[str]) -> Any:
        found = [item for item in self.items if item.id == where[0]]
        if len(where) > 1:
            own = [self._own(i) for i, p in self.published.items() if p["reply_to"] == where[0]]
            return filled(recorded("facebook", "list"), data=own)
        if where[0] in self.published:
            return self._own(where[0])
        return self._comment(found[0]) if found else reply(recorded("facebook", "missing"), 400)

    def _publish(self, asked: Asked, where: list[str]) -> Any:
        made = f"55_{9000 + len(self.published)}"
        answered = where[0] if where[1] == "comments" else ""
        self.published[made] = {"text": asked.form["message"], "reply_to": answered}
        return {"id": made}

    def _delete(self, post_id: str) -> Any:
        if self.published.pop(post_id, None) is None:
            return reply(recorded("facebook", "missing"), 400)
        return {"success": True}
