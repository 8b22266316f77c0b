"""Calls to the App Store Connect API, each signed with a key, and its reviews as Posts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors import jwt
from connectors.base import Connection, Post, Quota
from connectors.rest import Rest
from connectors.shapes import moment, number, review_text, text

API = "https://api.appstoreconnect.apple.com"
# Apple takes tokens of up to twenty minutes; one is made for each run and is soon worthless.
LASTS = 15 * 60


class Signed:
    """A token signed with the account's key: nothing to store, nothing to renew."""

    def __init__(self, connection: Connection) -> None:
        self._issuer = connection.config["issuer"]
        self._key_id = connection.config["key_id"]
        self._key = connection.secrets["private_key"]

    def headers(self, *, now: datetime) -> Mapping[str, str]:
        at = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "iat": at - 30,
            "exp": at + LASTS,
            "aud": "appstoreconnect-v1",
        }
        token = jwt.sign(claims, key=self._key, algorithm="ES256", key_id=self._key_id)
        return {"Authorization": f"Bearer {token}"}

    def renew(self, *, now: datetime) -> bool:
        return False


def api(connection: Connection) -> Rest:
    return Rest(connection.config.get("api", API), auth=Signed(connection), quota=_quota)


def _quota(headers: Mapping[str, str], _now: datetime) -> Quota | None:
    """`X-Rate-Limit: user-hour-lim:3500;user-hour-rem:500;`, over the last hour at any moment."""
    told = headers.get("x-rate-limit", "")
    values = dict(part.split(":", 1) for part in told.split(";") if part.count(":") == 1)
    if "user-hour-rem" not in values:
        return None
    return Quota(number(values, "user-hour-rem"), number(values, "user-hour-lim"))


def review(item: dict[str, Any], *, app: str = "") -> Post:
    found = item["attributes"]
    title, stars = text(found, "title"), number(found, "rating")
    return Post(
        external_id=item["id"],
        text=review_text(title, text(found, "body"), stars),
        title=title,
        author=text(found, "reviewerNickname"),
        url=f"https://apps.apple.com/app/id{app}" if app else "",
        published_at=moment(found["createdDate"]),
        stars=float(stars) if stars else None,
    )
