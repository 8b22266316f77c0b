"""Calls to the Google Play Developer API, and its reviews as Posts."""

from datetime import datetime
from typing import Any

from connectors.base import Connection, Post
from connectors.google.client import by_service_account, judge
from connectors.rest import Rest
from connectors.shapes import items, moment, number, pick, review_text, text

API = "https://androidpublisher.googleapis.com/androidpublisher/v3/applications"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"


def api(connection: Connection) -> Rest:
    auth = by_service_account(connection, SCOPE)
    return Rest(connection.config.get("api", API), auth=auth, judge=judge)


def said(review: Any, who: str) -> Any:
    """Return the newest comment of "userComment" or "developerComment", {} without one."""
    found = [pick(each, who) for each in items(review, "comments")]
    return next((each for each in reversed(found) if isinstance(each, dict)), {})


def review(item: dict[str, Any], *, package: str) -> Post:
    """Make a Post. The API tells when a review was last changed and not when it was written:
    so each counts as edited then, and a changed one replaces what was read before."""
    user = said(item, "userComment")
    changed = changed_at(item)
    title, _tab, body = text(user, "text").rpartition("\t")
    stars = number(user, "starRating")
    return Post(
        external_id=item["reviewId"],
        text=review_text(title, body, stars),
        title=title.strip(),
        author=text(item, "authorName"),
        url=f"https://play.google.com/store/apps/details?id={package}&reviewId={item['reviewId']}",
        published_at=changed,
        edited_at=changed,
        lang=text(user, "reviewerLanguage")[:2],
        stars=float(stars) if stars else None,
    )


def changed_at(item: Any) -> datetime | None:
    return moment(number(said(item, "userComment"), "lastModified", "seconds") or None)
