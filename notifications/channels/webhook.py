"""A channel that is another program: JSON over HTTPS, signed by Standard Webhooks."""

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from core import http, signatures

from .base import Letter, TryLater, Undeliverable

SECONDS = 10


def send(url: str, secret: str, letter: Letter) -> str:
    """Post what happened and return the place that was called. Undeliverable or TryLater."""
    parts = urlsplit(url)
    place = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    body = json.dumps(
        {"title": letter.subject, "text": letter.text, "url": letter.url, "id": letter.reference}
    ).encode()
    signed = signatures.sign(secret, call_id=letter.reference, at=datetime.now(UTC), body=body)
    headers = {"Content-Type": "application/json", **signed}
    try:
        answer = http.fetch(url, method="POST", headers=headers, body=body, timeout=SECONDS)
    except http.Blocked as error:
        raise Undeliverable(str(error), place=place) from error
    except http.HttpError as error:
        raise TryLater(str(error), place=place) from error
    if 200 <= answer.status < 300:
        return place
    words = _("The server answered %(status)d %(words)s") % {"status": answer.status, "words": ""}
    if answer.status >= 500 or answer.status in {408, 425, 429}:
        raise TryLater(words.strip(), place=place)
    raise Undeliverable(words.strip(), place=place)
