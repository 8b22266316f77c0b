"""X's API v2."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.connectors.worlds import NOW, Answer, Asked, Item, World, filled, recorded, reply

ME = "42"
_EPOCH = 1_288_834_974_657


@dataclass
class X(World):
    network: str = "x"
    reach: timedelta = timedelta(hours=20)
    secrets: dict[str, Any] = field(
        default_factory=lambda: {
            "access_token": "good",
            "refresh_token": "first",
            "client_secret": "shh",
        }
    )
    config: dict[str, Any] = field(default_factory=lambda: {"client_id": "app"})
    wanted: dict[str, Any] = field(
        default_factory=lambda: {"queries": ["fjordkaffe"], "mentions": "no"}
    )
    # Own posts by id: {"text", "reply_to"}; ids of posts whose authors mentioned us.
    published: dict[str, dict[str, str]] = field(default_factory=dict)
    summoned: set[str] = field(default_factory=set)
    # Newer versions of edited posts: id of the newer one → id of the first.
    versions: dict[str, str] = field(default_factory=dict)
    refresh: str = "first"
    # Whether X has forgotten the words of its older vocabulary.
    newer: bool = False

    def new_id(self, number: int, at: datetime) -> str:
        return str(((int(at.timestamp() * 1000) - _EPOCH) << 22) + number)

    def edit(self, item: Item, words: str) -> None:
        newer = self.new_id(len(self.items) + 500, NOW)
        self.versions[newer] = item.id
        item.text, item.edited = words, NOW

    def answer(self, asked: Asked) -> Any:
        if asked.path == "/2/oauth2/token":
            return self._renew(asked)
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return reply(recorded("x", "unauthorized"), 401)
        if self.newer and "tweet.fields" in asked.query:
            return reply(recorded("x", "unknown_parameter"), 400)
        if asked.path == "/2/users/me":
            return {"data": {"id": ME, "name": "Fjordkaffe", "username": "fjordkaffe"}}
        if asked.method == "POST":
            return self._publish(asked.document)
        if asked.method == "DELETE":
            return self._delete(asked.path.rpartition("/")[2])
        if asked.path == f"/2/users/{ME}/tweets":
            return {"data": [self._own(i) for i in self.published], "meta": {}}
        if asked.path == "/2/tweets":
            return self._lookup(asked.query["ids"].split(","))
        if asked.path.startswith("/2/tweets/") and asked.path != "/2/tweets/search/recent":
            return {"errors": [recorded("x", "missing")]}
        return self._search(asked)

    def _search(self, asked: Asked) -> Any:
        since = datetime.fromisoformat(asked.query["start_time"])
        found = [item for item in self.newest_first() if item.at >= since]
        start = asked.query.get("next_token") or asked.query.get("pagination_token", "")
        page, after = self.paged(found, start, min(int(asked.query["max_results"]), self.page))
        meta = {"result_count": len(page), **({"next_token": after} if after else {})}
        users = self._users()
        body = {"data": [self._post(i) for i in page], "includes": {"users": users}, "meta": meta}
        left = {"x_rate_limit_remaining": "449", "x_rate_limit_limit": "450"}
        return reply(body, x_rate_limit_reset=str(int(NOW.timestamp()) + 900), **left)

    def _post(self, item: Item, version: str = "") -> Any:
        newest = next((n for n, first in self.versions.items() if first == item.id), item.id)
        history = list(dict.fromkeys([item.id, newest]))
        made = filled(
            recorded("x", "post"),
            id=version or newest,
            text=item.text,
            edit_history_tweet_ids=history,
            created_at=_time(item.at if item.id in {version, newest} else item.edited),
        )
        if item.id in self.summoned:
            made["entities"] = {"mentions": [{"id": ME, "username": "fjordkaffe"}]}
        if item.parent:
            made["referenced_tweets"] = [{"type": "replied_to", "id": item.parent}]
        return self._worded(made)

    def _worded(self, made: dict[str, Any]) -> dict[str, Any]:
        if not self.newer:
            return made
        words = {
            "edit_history_tweet_ids": "edit_history_post_ids",
            "referenced_tweets": "referenced_posts",
            "note_tweet": "note_post",
        }
        renamed = {words.get(name, name): value for name, value in made.items()}
        metrics = dict(renamed["public_metrics"])
        metrics["repost_count"] = metrics.pop("retweet_count")
        return {**renamed, "public_metrics": metrics}

    def _users(self) -> list[Any]:
        user = recorded("x", "user")
        if self.newer:
            user["public_metrics"]["post_count"] = user["public_metrics"].pop("tweet_count")
        return [user]

    def _lookup(self, ids: list[str]) -> Any:
        by_id = {item.id: item for item in self.items}
        found = [self._post(by_id[i], i) for i in ids if i in by_id]
        found += [self._post(by_id[first], n) for n, first in self.versions.items() if n in ids]
        known = {*by_id, *self.versions}
        errors = [
            filled(recorded("x", "missing"), resource_id=i, value=i) for i in ids if i not in known
        ]
        users = self._users()
        return {
            "data": found,
            "includes": {"users": users},
            **({"errors": errors} if errors else {}),
        }

    def _publish(self, document: dict[str, Any]) -> Answer:
        answered = document.get("reply", {}).get("in_reply_to_tweet_id", "")
        if document["text"] in [p["text"] for p in self.published.values()]:
            return reply(recorded("x", "forbidden"), 403)
        made = str(9000 + len(self.published))
        self.published[made] = {"text": document["text"], "reply_to": answered}
        return reply({"data": {"id": made, "text": document["text"]}}, 201)

    def _own(self, post_id: str) -> Any:
        own = self.published[post_id]
        made = {"id": post_id, "text": own["text"], "edit_history_tweet_ids": [post_id]}
        if own["reply_to"]:
            made["referenced_tweets"] = [{"type": "replied_to", "id": own["reply_to"]}]
        return made

    def _delete(self, post_id: str) -> Any:
        if self.published.pop(post_id, None) is None:
            return reply(recorded("x", "forbidden"), 403)
        return {"data": {"deleted": True}}

    def _renew(self, asked: Asked) -> Answer:
        if asked.form.get("refresh_token") != self.refresh:
            words = {"error": "invalid_request", "error_description": "Value passed is invalid."}
            return reply(words, 400)
        assert asked.headers["authorization"].startswith("Basic ")
        self.refresh, self.token = "next", "fresh"
        return reply(recorded("x", "token"))


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
