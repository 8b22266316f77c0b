"""YouTube, Google Play and the Business Profile, with Google's token endpoint."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.connectors.worlds import Asked, Item, World, filled, recorded, reply

CHANNEL = "UCfjord"
PLACE = "accounts/1/locations/2"
PACKAGE = "dk.fjordkaffe.app"
APPLICATIONS = "/androidpublisher/v3/applications"


@lru_cache(maxsize=1)
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_file() -> str:
    pem = private_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    mail = "desk@project.iam.gserviceaccount.example"
    return json.dumps({"client_email": mail, "private_key": pem.decode(), "private_key_id": "k1"})


def zulu(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Google(World):
    secrets: dict[str, Any] = field(
        default_factory=lambda: {"client_secret": "shh-secret", "refresh_token": "first-refresh"}
    )
    replies: dict[str, str] = field(default_factory=dict)

    def connection(self, **more: Any) -> Any:
        return super().connection(**{"tokens": self.url + "/token", "client_id": "app", **more})

    def answer(self, asked: Asked) -> Any:
        if asked.path == "/token":
            known = asked.form.get("refresh_token") == "first-refresh" or asked.form.get(
                "assertion"
            )
            good = known and self.token == "good"
            shape = recorded("google", "token" if good else "refused")
            return reply(shape, 200 if good else 400)
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return reply(recorded("google", "unauthorized"), 401)
        return self.said(asked)

    def said(self, asked: Asked) -> Any:
        raise NotImplementedError

    def missing(self) -> Any:
        return reply(recorded("google", "missing"), 404)


@dataclass
class YouTube(Google):
    network: str = "youtube"
    config: dict[str, Any] = field(default_factory=lambda: {"channel": CHANNEL})

    def new_id(self, number: int, at: datetime) -> str:
        return f"Ug{1000 + number}"

    def connection(self, **more: Any) -> Any:
        return super().connection(**{"api": self.url + "/youtube/v3", **more})

    def said(self, asked: Asked) -> Any:
        asked.path = asked.path.removeprefix("/youtube/v3")
        if asked.path == "/channels":
            return {"items": [{"id": CHANNEL, "snippet": {"title": "Fjordkaffe"}}]}
        if asked.path == "/commentThreads":
            return self._threads(asked)
        if asked.method == "POST":
            made = f"{asked.document['snippet']['parentId']}.r{len(self.replies)}"
            self.replies[made] = asked.document["snippet"]["textOriginal"]
            return self._own(made)
        if asked.method == "DELETE":
            gone = self.replies.pop(asked.query["id"], None) is None
            return self.missing() if gone else reply(None, 204)
        if "parentId" in asked.query:
            under = [i for i in self.replies if i.startswith(asked.query["parentId"] + ".")]
            return {"items": [self._own(i) for i in under]}
        wanted = asked.query["id"].split(",")
        found = [
            self._thread(i)["snippet"]["topLevelComment"] for i in self.items if i.id in wanted
        ]
        return {"items": found + [self._own(i) for i in self.replies if i in wanted]}

    def _threads(self, asked: Asked) -> Any:
        size = min(int(asked.query["maxResults"]), self.page)
        page, after = self.paged(self.newest_first(), asked.query.get("pageToken", ""), size)
        body = {
            "kind": "youtube#commentThreadListResponse",
            "items": [self._thread(i) for i in page],
        }
        return {**body, **({"nextPageToken": after} if after else {})}

    def _thread(self, item: Item) -> Any:
        made = filled(recorded("youtube", "thread"), id=item.id)
        top = made["snippet"]["topLevelComment"]
        top["id"] = item.id
        top["snippet"] |= {
            "textOriginal": item.text,
            "publishedAt": zulu(item.at),
            "updatedAt": zulu(item.edited or item.at),
        }
        under = [i for i in self.replies if i.startswith(item.id + ".")]
        made["snippet"]["totalReplyCount"] = len(under)
        return made

    def _own(self, reply_id: str) -> Any:
        comment = recorded("youtube", "thread")["snippet"]["topLevelComment"]
        own = {"value": CHANNEL}
        comment["snippet"] |= {"textOriginal": self.replies[reply_id], "authorChannelId": own}
        return {**comment, "id": reply_id}


@dataclass
class GooglePlay(Google):
    network: str = "googleplay"
    config: dict[str, Any] = field(default_factory=lambda: {"package": PACKAGE})
    secrets: dict[str, Any] = field(default_factory=lambda: {"service_account": key_file()})

    def connection(self, **more: Any) -> Any:
        return super().connection(**{"api": self.url + APPLICATIONS, **more})

    def said(self, asked: Asked) -> Any:
        where = asked.path.removeprefix(APPLICATIONS).split("/")[1:]
        assert where[:2] == [PACKAGE, "reviews"]
        if asked.method == "POST":
            review = where[2].removesuffix(":reply")
            self.replies[review] = asked.document["replyText"]
            return {"result": {"replyText": self.replies[review], "lastEdited": {"seconds": "1"}}}
        if len(where) == 3:
            found = [item for item in self.items if item.id == where[2]]
            return self._review(found[0]) if found else self.missing()
        size = min(int(asked.query["maxResults"]), self.page)
        page, after = self.paged(self.newest_first(), asked.query.get("token", ""), size)
        body = {"reviews": [self._review(item) for item in page]}
        return {**body, **({"tokenPagination": {"nextPageToken": after}} if after else {})}

    def _review(self, item: Item) -> Any:
        made = filled(recorded("googleplay", "review"), reviewId=item.id)
        made["comments"][0]["userComment"] |= {
            "text": item.text,
            "starRating": item.stars,
            "lastModified": {"seconds": str(int((item.edited or item.at).timestamp()))},
        }
        if item.id in self.replies:
            made["comments"].append({"developerComment": {"text": self.replies[item.id]}})
        return made


@dataclass
class GoogleBusiness(Google):
    network: str = "googlebusiness"
    wanted: dict[str, Any] = field(default_factory=lambda: {"locations": [PLACE]})

    def new_id(self, number: int, at: datetime) -> str:
        return f"{PLACE}/reviews/{1000 + number}"

    def said(self, asked: Asked) -> Any:
        name = asked.path.removeprefix("/")
        if name == PLACE + "/reviews":
            size = min(int(asked.query["pageSize"]), self.page)
            page, after = self.paged(self.newest_first(), asked.query.get("pageToken", ""), size)
            body = {"reviews": [self._review(item) for item in page], "averageRating": 1.0}
            return {**body, **({"nextPageToken": after} if after else {})}
        review = name.removesuffix("/reply")
        found = [item for item in self.items if item.id == review]
        if not found:
            return self.missing()
        if asked.method == "PUT":
            self.replies[review] = asked.document["comment"]
            return {"comment": self.replies[review], "updateTime": zulu(found[0].at)}
        if asked.method == "DELETE":
            return {} if self.replies.pop(review, None) else self.missing()
        return self._review(found[0])

    def _review(self, item: Item) -> Any:
        stars = ["ONE", "TWO", "THREE", "FOUR", "FIVE"][item.stars - 1]
        made = filled(
            recorded("googlebusiness", "review"),
            name=item.id,
            comment=item.text,
            createTime=zulu(item.at),
            updateTime=zulu(item.edited or item.at),
            starRating=stars,
        )
        if item.id in self.replies:
            made["reviewReply"] = {"comment": self.replies[item.id]}
        return made
