"""What publishing through the Graph API shares: sending, taking back, and finding again."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors import uploading
from connectors.base import (
    Message,
    PermanentError,
    Picture,
    ReadError,
    Unauthorized,
    UncertainError,
)
from connectors.rest import Call, Kind, Rest, looking, path
from connectors.shapes import items, moment, text

from .graph import proof

LOOK_BACK = timedelta(hours=1)


class Sender:
    """One account's calls that change something."""

    def __init__(self, make: Callable[[], Rest], secrets: Mapping[str, Any]) -> None:
        try:
            self.rest = make()
        except Unauthorized as error:
            raise PermanentError(error) from error
        self._proof = proof(secrets)

    def post(self, where: str, **form: Any) -> str:
        """Make something; return its id."""
        form = {"appsecret_proof": self._proof or None, **form}
        return self._made(Call(where, method="POST", form=form))

    def upload(self, where: str, image: Picture, *, seconds: float, **fields: str) -> str:
        """Bring an image there, unseen; return its id."""
        if self._proof:
            fields["appsecret_proof"] = self._proof
        body, kind = uploading.form(fields, "source", image)
        headers = {"Content-Type": kind}
        return self._made(Call(where, method="POST", raw=body, headers=headers, seconds=seconds))

    def _made(self, call: Call) -> str:
        answer = self.rest.send(call)
        made = text(answer.data, "id")
        if not made:
            raise UncertainError(_("Meta did not say where the post is."))
        return made

    def delete(self, external_id: str) -> None:
        """Take something down; what is gone already is no error."""
        params = {"appsecret_proof": self._proof}
        try:
            self.rest.send(Call(path("/{}", external_id), method="DELETE", params=params))
        except PermanentError:
            _answer, verdict = self.rest.ask(
                Call(path("/{}", external_id), params={**params, "fields": "id"}),
                now=datetime.now(UTC),
            )
            if verdict.kind is not Kind.MISSING:
                raise

    def search(
        self, where: str, message: Message, is_it: Callable[[dict[str, Any]], bool], **params: Any
    ) -> dict[str, Any] | None:
        """Look for what may have been posted, in a list that is newest first."""
        now = datetime.now(UTC)
        since = (message.since or now - LOOK_BACK) - timedelta(minutes=1)
        params = {"appsecret_proof": self._proof, "limit": 100, **params}
        try:
            answer = self.rest.read(where, now=now, **params)
        except ReadError as error:
            raise looking(error) from error
        found = items(answer.data, "data")
        for item in found:
            if is_it(item):
                return dict(item)
        if text(answer.data, "paging", "next") and not _older(found, since):
            raise UncertainError(_("More has been posted since than can be searched at once."))
        return None


def _older(found: Iterable[dict[str, Any]], since: datetime) -> bool:
    times = [moment(i.get("created_time") or i.get("timestamp")) for i in found]
    return any(at is not None and at < since for at in times)
