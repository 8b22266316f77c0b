"""Calls to Trustpilot's API, and its reviews as Posts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.base import Connection, Post
from connectors.oauth import Renewing, refresh
from connectors.rest import Rest
from connectors.shapes import later, moment, number, review_text, text

API = "https://api.trustpilot.com"
_TOKENS = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
SITE = "https://www.trustpilot.com/reviews/"


def api(connection: Connection) -> Rest:
    """Return the API with a token that the key and its secret are exchanged for."""
    base = connection.config.get("api", API)
    key = str(connection.secrets["api_key"])

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        client = {"client_id": key, "client_secret": text(stored, "api_secret")}
        return refresh(base + _TOKENS, grant="client_credentials")({**stored, **client}, now)

    return Rest(base, auth=Renewing(connection, ask), headers={"apikey": key})


def review(item: dict[str, Any]) -> Post:
    """Make a Post of a review of the API; the webhook writes it nearly the same."""
    published = moment(item["createdAt"])
    stars, title = number(item, "stars"), text(item, "title")
    consumer = item.get("consumer")
    return Post(
        external_id=item["id"],
        text=review_text(title, text(item, "text"), stars),
        title=title,
        author=text(consumer, "displayName") or text(consumer, "name"),
        author_id=text(consumer, "id"),
        url=SITE + item["id"],
        published_at=published,
        edited_at=later(moment(item.get("updatedAt")), published),
        lang=text(item, "language")[:2],
        stars=float(stars) if stars else None,
    )
