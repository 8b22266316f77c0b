"""Publishes by a signed call to the brand's own system, which knows how to reach its networks.

The call is `POST {"text", "reply_to", "idempotency_key"}` as JSON, signed by Standard Webhooks with
the idempotency key as its id. The system answers 2xx, and may name the post: {"id", "url"}.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from connectors.base import Message, PermanentError, Receipt, TemporaryError, UncertainError
from connectors.retry_after import seconds
from core import http, signatures
from core.words import Words

TIMEOUT = 15
MAX_ANSWER = 64 * 1024


class WebhookPublisher:
    """Config: {"url", "lookup_url" (optional, with {key} in it)}; credentials: {"secret"}."""

    max_length = 20_000

    def __init__(self, config: Mapping[str, Any], credentials: Mapping[str, Any]) -> None:
        self._url = config["url"]
        self._lookup_url = config.get("lookup_url", "")
        self._secret = credentials["secret"]

    def publish(self, message: Message) -> Receipt:
        body = json.dumps(
            {
                "text": message.text,
                "reply_to": message.reply_to,
                "idempotency_key": message.idempotency_key,
            }
        ).encode()
        try:
            response = self._call("POST", self._url, message.idempotency_key, body)
        except http.Blocked as error:
            raise PermanentError(error) from error
        except http.Unreachable as error:
            if error.sent:
                raise UncertainError(error) from error
            raise TemporaryError(error) from error
        except http.TooLarge as error:
            raise UncertainError(error) from error
        return self._judge(response, message.idempotency_key)

    def find(self, message: Message) -> Receipt | None:
        if not self._lookup_url:
            raise UncertainError(_("This account has no address at which to look for a post."))
        key = message.idempotency_key
        url = self._lookup_url.replace("{key}", quote(key, safe=""))
        try:
            response = self._call("GET", url, key, b"")
        except http.HttpError as error:
            raise UncertainError(error) from error
        if response.status == 404:
            return None
        if 200 <= response.status < 300:
            return _receipt(response.body, key)
        raise UncertainError(_("It answered with status %(status)d."), status=response.status)

    def _call(self, method: str, url: str, key: str, body: bytes) -> http.Response:
        signed = signatures.sign(self._secret, call_id=key, at=datetime.now(UTC), body=body)
        return http.fetch(
            url,
            method=method,
            headers={"Content-Type": "application/json", **signed},
            body=body or None,
            timeout=TIMEOUT,
            max_bytes=MAX_ANSWER,
        )

    def _judge(self, response: http.Response, key: str) -> Receipt:
        status = response.status
        if 200 <= status < 300:
            return _receipt(response.body, key)
        words = Words(_("It answered with status %(status)d."), {"status": status})
        if status == 429:
            wait = seconds(response.headers.get("retry-after"), now=datetime.now(UTC))
            raise TemporaryError(words, retry_after=wait)
        if 300 <= status < 500 and status != 408:
            raise PermanentError(words)
        # It had the text before it failed: nobody can tell from here what it did with it.
        raise UncertainError(words)


def _receipt(body: bytes, key: str) -> Receipt:
    """Read what the system says about the post; it need not say anything."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        answer = {}
    return Receipt(str(answer.get("id") or key)[:500], str(answer.get("url") or "")[:2000])
