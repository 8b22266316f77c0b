"""One call of a server that speaks the chat completions of OpenAI, without streaming."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop as _

from core import http
from core.text import clean
from core.words import Worded

MAX_BYTES = 512 * 1024
LONGEST_REST = 24 * 3600
USUAL_REST = 60
_NO_TEXT = _("The language model answered with something else than a text.")
_STREAMS = _("The language model streams although it was asked not to.")


class ModelError(Worded):
    """It did not answer with a text. `rest` is for how many seconds it is to be left alone."""

    def __init__(self, message: Any = "", *, rest: int = 0, **params: Any) -> None:
        super().__init__(message, **params)
        self.rest = rest


@dataclass(frozen=True)
class Endpoint:
    """Where it is, and its key ("" for none), which is shown nowhere."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    # Seconds from the first look-up to the last byte.
    patience: float = 45


@dataclass(frozen=True)
class Answer:
    """`tokens` is what the server says it cost; None if it does not say."""

    text: str
    tokens: int | None = None


def complete(
    endpoint: Endpoint, messages: Sequence[Mapping[str, str]], *, most_tokens: int
) -> Answer:
    """Ask, once; raise ModelError, whose words are fit for the person, when there is no text."""
    asked = {
        "model": endpoint.model,
        "messages": list(messages),
        "max_tokens": most_tokens,
        "stream": False,
    }
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    try:
        response = http.fetch(
            endpoint.url.rstrip("/") + "/chat/completions",
            method="POST",
            headers=headers,
            body=json.dumps(asked).encode(),
            timeout=endpoint.patience,
            max_bytes=MAX_BYTES,
        )
    except http.HttpError as error:
        raise ModelError(error) from error
    if response.status != 200:
        raise _refused(response)
    return _read(response)


def _refused(response: http.Response) -> ModelError:
    """Nothing of the answer is shown: servers repeat keys and texts in their errors."""
    if response.status in (401, 403):
        return ModelError(_("The language model does not accept the key. An administrator can"
                            " change it."))  # fmt: skip
    if response.status == 429:
        rest = _rest(response.headers.get("retry-after", ""))
        return ModelError(
            _("The language model has too much to do. It may be asked again in %(seconds)d"
              " seconds."), rest=rest, seconds=rest,
        )  # fmt: skip
    return ModelError(
        _("The language model answered with an error (%(status)d)."), status=response.status
    )


def _rest(said: str) -> int:
    """Seconds; a date, which servers of this kind do not send, counts as the usual time."""
    seconds = int(said) if said.isdecimal() and len(said) < 9 else USUAL_REST
    return max(1, min(seconds, LONGEST_REST))


def _read(response: http.Response) -> Answer:
    try:
        told = json.loads(response.body)
        text = told["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        streams = response.headers.get("content-type", "").startswith("text/event-stream")
        raise ModelError(_STREAMS if streams else _NO_TEXT) from error
    if not isinstance(text, str) or not clean(text).strip():
        raise ModelError(_NO_TEXT)
    return Answer(clean(text).strip(), _tokens(told.get("usage")))


def _tokens(usage: Any) -> int | None:
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and 0 <= total < 10**8 else None
