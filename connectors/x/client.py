"""What reading and publishing on X share: calls, tokens, and a post of X as a Post."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import Connection, Post, Unauthorized
from connectors.oauth import Renewing, refresh
from connectors.rest import Answer, Auth, Bearer, Declined, Kind, Rest, Verdict, by_epoch
from connectors.shapes import items, moment, number, pick, text
from core.words import Words

API = "https://api.x.com"
# Milliseconds since 1970 at which ids of X begin to tell their time.
_EPOCH = 1_288_834_974_657
# X renamed tweets to posts in its API as well, and takes and gives either: what is asked for in
# the older words is asked for again in the newer ones where X no longer knows the older.
OLDER = {
    "tweet.fields": "created_at,author_id,lang,public_metrics,referenced_tweets,"
    "edit_history_tweet_ids,note_tweet,entities"
}
NEWER = {
    "post.fields": "created_at,lang,public_metrics,note_post,entities",
    "expansions": "author_id,referenced_posts,edit_history_post_ids",
}


def rest(connection: Connection, *, as_user: bool) -> Rest:
    """Return the API as the account itself, or as the app where that is enough and set up."""
    return Rest(
        connection.config.get("api", API),
        auth=_auth(connection, as_user=as_user),
        judge=_judge,
        quota=by_epoch,
    )


def _auth(connection: Connection, *, as_user: bool) -> Auth:
    secrets = connection.secrets
    if secrets.get("bearer_token") and not as_user:
        return Bearer(secrets["bearer_token"])
    if not secrets.get("access_token") and not secrets.get("refresh_token"):
        raise Unauthorized(_("This needs an access token of the X account. Enter one."))
    token_url = connection.config.get("api", API) + "/2/oauth2/token"
    if not secrets.get("refresh_token"):
        return Bearer(secrets["access_token"])
    client = {"client_id": connection.config.get("client_id", "")}

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        return refresh(token_url)({**client, **stored}, now)

    return Renewing(connection, ask, rotates=True)


def _judge(answer: Answer, _now: datetime) -> Verdict | None:
    """X says with 403, and sometimes with 402 or 429, that what was paid for is used up."""
    problem = text(answer.data, "type")
    if problem.endswith(("/usage-capped", "/credits")) or answer.status == 402:
        words = _("The credits or the spending limit at X are used up. Buy more at console.x.com.")
        return Verdict(Kind.LIMITED, Words(words), 3600.0)
    return None


def posts_of(answer: Any) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return the posts of an answer, and its authors by id."""
    data = pick(answer, "data")
    posts = data if isinstance(data, list) else [data] if isinstance(data, dict) else []
    users = {text(user, "id"): user for user in items(answer, "includes", "users")}
    return posts, users


def made(item: dict[str, Any], users: Mapping[str, dict[str, Any]]) -> Post | None:
    """Make a Post; None of a repost, which says nothing new.

    An edited post has a new id at X. Here it keeps that of its first version, so that the edit
    replaces it.
    """
    referenced = references(item)
    if "retweeted" in referenced or "reposted" in referenced:
        return None
    newest = item["id"]
    first = first_version(item)
    author = users.get(text(item, "author_id"), {})
    created = moment(item.get("created_at"))
    handle = text(author, "username")
    return Post(
        external_id=first,
        text=words_of(item),
        author=f"@{handle}" if handle else "",
        author_id=text(item, "author_id"),
        url=address(newest, handle),
        published_at=created if first == newest else time_of(first),
        edited_at=None if first == newest else created,
        lang=_language(text(item, "lang")),
        reach=number(author, "public_metrics", "followers_count"),
        parent_id=referenced.get("replied_to", ""),
    )


def versions(item: dict[str, Any]) -> list[str]:
    """Return the ids of all versions of a post, the first of them first."""
    found = items(item, "edit_history_tweet_ids") or items(item, "edit_history_post_ids")
    return [str(each) for each in found] or [str(item["id"])]


def first_version(item: dict[str, Any]) -> str:
    return versions(item)[0]


def references(item: dict[str, Any]) -> dict[str, str]:
    """Return the ids of the posts that it answers, quotes or reposts, by that word."""
    found = items(item, "referenced_tweets") or items(item, "referenced_posts")
    return {text(each, "type"): text(each, "id") for each in found}


def words_of(item: dict[str, Any]) -> str:
    """Return a post's text, whole also where it is a long one."""
    long = text(item, "note_tweet", "text") or text(item, "note_post", "text")
    return long or text(item, "text")


class Asking:
    """Asks for posts with all that is needed of them, in the words that X knows."""

    def __init__(self, rest: Rest, *, authors: bool) -> None:
        self._rest = rest
        self._newer = False
        # As X bills for each author, they are only asked for where they are wanted.
        self._authors = (
            {"expansions": "author_id", "user.fields": "username,public_metrics"} if authors else {}
        )

    def read(self, where: str, *, now: datetime, **params: Any) -> Answer:
        """Raises ReadError; what X declines in both vocabularies it declines."""
        if self._newer:
            return self._in_newer(where, now=now, **params)
        try:
            return self._rest.read(where, now=now, **{**self._authors, **OLDER, **params})
        except Declined as declined:
            try:
                answer = self._in_newer(where, now=now, **params)
            except Declined:
                raise declined from None
        self._newer = True
        return answer

    def _in_newer(self, where: str, *, now: datetime, **params: Any) -> Answer:
        return self._rest.read(where, now=now, **{**self._authors, **NEWER, **params})


def address(post_id: str, handle: str = "") -> str:
    return f"https://x.com/{handle or 'i'}/status/{post_id}"


def time_of(post_id: str) -> datetime | None:
    """Return when a post was made, which its id tells."""
    return moment(((int(post_id) >> 22) + _EPOCH) / 1000) if post_id.isdecimal() else None


def _language(code: str) -> str:
    """X writes "und", "qme", "zxx" … for texts without a language."""
    return code[:2] if code and code[:1] not in {"q", "z"} and code != "und" else ""
