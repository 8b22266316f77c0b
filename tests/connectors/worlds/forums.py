"""Reddit, LinkedIn and TikTok."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from tests.connectors.worlds import NOW, Answer, Asked, Item, World, filled, recorded, reply

ORGANIZATION = "urn:li:organization:55"
VIDEO = "500"


@dataclass
class Reddit(World):
    network: str = "reddit"
    config: dict[str, Any] = field(
        default_factory=lambda: {"client_id": "app", "username": "fjordkaffe"}
    )
    secrets: dict[str, Any] = field(
        default_factory=lambda: {"client_secret": "shh-secret", "refresh_token": "first-refresh"}
    )
    wanted: dict[str, Any] = field(default_factory=lambda: {"communities": ["Denmark"]})
    published: dict[str, dict[str, str]] = field(default_factory=dict)

    def connection(self, **more: Any) -> Any:
        return super().connection(**{"tokens": self.url + "/token", **more})

    def new_id(self, number: int, at: datetime) -> str:
        return f"t1_{1000 + number}"

    def answer(self, asked: Asked) -> Any:
        assert asked.headers["user-agent"].startswith("web:crisisdesk:v1 (by /u/fjordkaffe)")
        if self.signs_in(asked):
            good = self.token == "good"
            return reply(
                recorded("reddit", "token") if good else {"error": 400}, 200 if good else 400
            )
        if asked.headers.get("authorization", "").lower() != f"bearer {self.token}":
            return reply(recorded("reddit", "unauthorized"), 401)
        if asked.path == "/api/comment":
            return self._publish(asked)
        if asked.path == "/api/del":
            self.published.pop(asked.form["id"], None)
            return {}
        if asked.path == "/api/info":
            return self._info(asked.query["id"].split(","))
        if asked.path == "/user/fjordkaffe/comments":
            return self._listing([self._own(i) for i in self.published], "")
        return self._listed(asked)

    def _listed(self, asked: Asked) -> Answer:
        comments = asked.path.rstrip("/") in {"/r/Denmark/comments", "/search"}
        found = self.newest_first() if comments else []
        size = min(int(asked.query["limit"]), self.page)
        page, after = self.paged(found, asked.query.get("after", ""), size)
        return self._listing([self._comment(item) for item in page], after)

    def _listing(self, children: list[Any], after: str) -> Answer:
        body = filled(recorded("reddit", "listing"), data__children=children)
        body["data"]["after"] = after or None
        left = {"x_ratelimit_remaining": "97.0", "x_ratelimit_used": "3"}
        return reply(body, x_ratelimit_reset="41", **left)

    def _comment(self, item: Item) -> Any:
        made = recorded("reddit", "comment")
        made["data"] |= {
            "name": item.id,
            "id": item.id.removeprefix("t1_"),
            "body": item.text,
            "created_utc": item.at.timestamp(),
            "edited": item.edited.timestamp() if item.edited else False,
        }
        return made

    def _info(self, names: list[str]) -> Answer:
        known = {item.id: item for item in self.items}
        children = []
        for name in names:
            if name in known:
                children.append(self._comment(known[name]))
            else:
                gone = recorded("reddit", "comment")
                gone["data"] |= {"name": name, "author": "[deleted]", "body": "[deleted]"}
                children.append(gone)
        return self._listing(children, "")

    def _publish(self, asked: Asked) -> Any:
        made = f"t1_{9000 + len(self.published)}"
        self.published[made] = {"text": asked.form["text"], "reply_to": asked.form["thing_id"]}
        return {"json": {"errors": [], "data": {"things": [self._own(made)]}}}

    def _own(self, name: str) -> Any:
        own = self.published[name]
        made = recorded("reddit", "comment")
        made["data"] |= {"name": name, "body": own["text"], "parent_id": own["reply_to"]}
        return made


@dataclass
class LinkedIn(World):
    network: str = "linkedin"
    page: int = 50
    config: dict[str, Any] = field(
        default_factory=lambda: {"organization": "55", "client_id": "app"}
    )
    secrets: dict[str, Any] = field(
        default_factory=lambda: {"access_token": "good", "client_secret": "shh"}
    )
    published: dict[str, dict[str, str]] = field(default_factory=dict)

    def connection(self, **more: Any) -> Any:
        return super().connection(**{"introspection": self.url + "/introspectToken", **more})

    def new_id(self, number: int, at: datetime) -> str:
        return f"urn:li:comment:(urn:li:activity:700,{1000 + number})"

    def signs_in(self, asked: Asked) -> bool:
        return asked.path == "/introspectToken"

    def answer(self, asked: Asked) -> Any:
        if asked.path == "/introspectToken":
            good = asked.form["token"] == self.token and asked.form["client_secret"] == "shh"
            ends = int(NOW.timestamp()) + 5 * 86_400
            return {"active": good, **({"expires_at": ends} if good else {})}
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return reply(recorded("linkedin", "unauthorized"), 401)
        assert re.fullmatch(r"20\d{4}", asked.headers["linkedin-version"])
        where = asked.path.split("/")[2:]
        if where == ["organizations", "55"]:
            return {"localizedName": "Fjordkaffe", "id": 55}
        if where == ["organizationalEntityNotifications"]:
            return self._notifications(asked)
        if asked.method == "POST":
            return self._publish(asked, where)
        if where[0] == "posts" and "q" in asked.query:
            return {"elements": [self._own(i) for i in self.published]}
        if where[0] == "posts":
            return self._one_post(asked, unquote(where[1]))
        if where[0] == "socialActions" and len(where) == 3:
            return {"elements": [self._own(i) for i in self.published]}
        urn = f"urn:li:comment:({unquote(where[1])},{where[-1]})"
        if urn not in self.published:
            return reply({"message": "Not found", "status": 404}, 404)
        if asked.method == "DELETE":
            del self.published[urn]
            return Answer(b"", 204)
        return self._own(urn)

    def _notifications(self, asked: Asked) -> Any:
        assert asked.query["organizationalEntity"] == ORGANIZATION
        limits = re.fullmatch(r"\(start:(\d+),end:(\d+)\)", asked.query["timeRange"])
        since, until = (int(each) for each in limits.groups())
        found = [i for i in self.newest_first() if since <= i.at.timestamp() * 1000 <= until]
        start, count = int(asked.query["start"]), int(asked.query["count"])
        return {"elements": [self._notification(i) for i in found[start : start + count]]}

    def _notification(self, item: Item) -> Any:
        made = filled(
            recorded("linkedin", "notification"),
            lastModifiedAt=int(item.at.timestamp() * 1000),
            generatedActivity=item.id.replace("urn:li:activity", "activity"),
        )
        made["decoratedGeneratedActivity"]["comment"] |= {"entity": item.id, "text": item.text}
        return made

    def _one_post(self, asked: Asked, urn: str) -> Any:
        if urn not in self.published:
            return reply({"message": "Not found", "status": 404}, 404)
        if asked.method == "DELETE":
            del self.published[urn]
            return Answer(b"", 204)
        return self._own(urn)

    def _publish(self, asked: Asked, where: list[str]) -> Any:
        number = str(9000 + len(self.published))
        if where == ["posts"]:
            assert asked.document["author"] == ORGANIZATION
            urn = f"urn:li:share:{number}"
            self.published[urn] = {"text": asked.document["commentary"]}
            return Answer(b"", 201, {"x-restli-id": urn})
        urn = f"urn:li:comment:(urn:li:activity:700,{number})"
        self.published[urn] = {"text": asked.document["message"]["text"]}
        assert asked.document["object"] == "urn:li:activity:700"
        assert asked.document["parentComment"] == unquote(where[1])
        return reply({"id": number, "commentUrn": urn}, 201)

    def _own(self, urn: str) -> Any:
        words = {"text": self.published[urn]["text"]}
        if urn.startswith("urn:li:share:"):
            return {"id": urn, "author": ORGANIZATION, "commentary": words["text"]}
        return {"actor": ORGANIZATION, "commentUrn": urn, "message": words}


@dataclass
class TikTok(World):
    network: str = "tiktok"
    config: dict[str, Any] = field(
        default_factory=lambda: {
            "business": "open1",
            "username": "fjordkaffe",
            "client_id": "app",
        }
    )
    secrets: dict[str, Any] = field(
        default_factory=lambda: {"client_secret": "shh-secret", "refresh_token": "first-refresh"}
    )
    published: dict[str, dict[str, str]] = field(default_factory=dict)

    def new_id(self, number: int, at: datetime) -> str:
        return f"{VIDEO}/{1000 + number}"

    def unauthorized(self) -> Answer:
        return reply(recorded("tiktok", "error"))

    def refused(self) -> Answer:
        return reply({"code": 40002, "message": "cursor: Invalid.", "data": {}})

    def answer(self, asked: Asked) -> Any:
        if asked.path == "/tt_user/oauth2/refresh_token/":
            if self.token != "good":
                return recorded("tiktok", "error")
            data = {"access_token": "good", "expires_in": 86400, "refresh_token": "first-refresh"}
            return {"code": 0, "message": "OK", "data": data}
        if asked.headers.get("access-token") != self.token:
            return recorded("tiktok", "error")
        return {"code": 0, "message": "OK", "request_id": "r1", "data": self._data(asked)}

    def _data(self, asked: Asked) -> Any:
        if asked.path == "/business/get/":
            return {"username": "fjordkaffe", "display_name": "Fjordkaffe"}
        if asked.path == "/business/video/list/":
            video = {"item_id": VIDEO, "caption": "Ny kaffe", "comments": len(self.items)}
            return {"videos": [video], "has_more": False}
        if asked.path == "/business/comment/reply/create/":
            made = str(9000 + len(self.published))
            self.published[made] = {"text": asked.document["text"]}
            return {"comment_id": made}
        if asked.path == "/business/comment/delete/":
            self.published.pop(asked.document["comment_id"], None)
            return {}
        if asked.path == "/business/comment/reply/list/":
            own = recorded("tiktok", "comment")
            found = [
                filled(own, comment_id=i, text=p["text"], owner=True)
                for i, p in self.published.items()
            ]
            return {"comments": found, "has_more": False}
        return self._comments(asked)

    def _comments(self, asked: Asked) -> Any:
        assert asked.query["video_id"] == VIDEO
        size = min(int(asked.query["max_count"]), self.page)
        start = f"{VIDEO}/{asked.query.get('cursor', '')}"
        page, after = self.paged(self.newest_first(), start, size)
        comments = [
            filled(
                recorded("tiktok", "comment"),
                comment_id=item.id.partition("/")[2],
                text=item.text,
                create_time=str(int(item.at.timestamp())),
            )
            for item in page
        ]
        return {"comments": comments, "cursor": after.partition("/")[2], "has_more": bool(after)}
