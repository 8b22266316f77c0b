"""Calls to the reviews of Google's Business Profile, and reviews as Posts."""

import re
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import Connection, Post
from connectors.google.client import by_consent, judge
from connectors.rest import Declined, Rest
from connectors.shapes import later, moment, review_text, text

API = "https://mybusiness.googleapis.com/v4"
STARS = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "FIVE": 5.0}
_LOCATION = re.compile(r"accounts/[\w-]+/locations/[\w-]+")
_REVIEW = re.compile(r"accounts/[\w-]+/locations/[\w-]+/reviews/[\w=-]+")


def api(connection: Connection) -> Rest:
    return Rest(connection.config.get("api", API), auth=by_consent(connection), judge=judge)


def location(name: str) -> str:
    """Return the path of a location. Raises Declined for what names none."""
    if not _LOCATION.fullmatch(name):
        raise Declined(
            _("%(name)s is no location: write accounts/…/locations/…, as the API names it."),
            name=name,
        )
    return "/" + name


def is_review(name: str) -> bool:
    return bool(_REVIEW.fullmatch(name))


def review(item: dict[str, Any]) -> Post:
    """Make a Post; its id is the review's full name, by which it is answered."""
    published = moment(item["createTime"])
    stars = STARS.get(text(item, "starRating"))
    return Post(
        external_id=item["name"],
        text=review_text("", text(item, "comment"), stars),
        author=text(item, "reviewer", "displayName"),
        url="https://business.google.com/reviews",
        published_at=published,
        edited_at=later(moment(item.get("updateTime")), published),
        stars=stars,
    )
