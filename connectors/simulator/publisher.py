"""Publishes to a simulated world, and can fail in each of the three ways on request."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from connectors.base import Message, PermanentError, Receipt, TemporaryError, UncertainError
from connectors.models import SimulatedPost
from core.clock import database_now


class SimulatorPublisher:
    """Config: {"world": name, "network": the one it pretends to be, "fail": how}.

    `fail` is "permanent", "temporary", "uncertain" (it is out, but no answer came) or "lost" (no
    answer came, and it is not out).
    """

    max_length = 5_000

    def __init__(self, name: str, config: Mapping[str, Any]) -> None:
        self._author = name
        self._world = config["world"]
        self._network = config.get("network", "simulator")
        self._fail = config.get("fail", "")

    def publish(self, message: Message) -> Receipt:
        self._maybe_fail()
        receipt = self._write(message)
        if self._fail == "uncertain":
            raise UncertainError(_("The simulated network gave no answer, as it was told to."))
        return receipt

    def _maybe_fail(self) -> None:
        if self._fail == "permanent":
            raise PermanentError(_("The simulated network refuses this, as it was told to."))
        if self._fail == "temporary":
            raise TemporaryError(_("The simulated network is busy, as it was told to be."))
        if self._fail == "lost":
            raise UncertainError(_("The simulated network gave no answer, as it was told to."))

    def edit(self, external_id: str, message: Message) -> Receipt:
        """Put other words in the place of a post's, failing as publishing does."""
        self._maybe_fail()
        if not self._own(external_id).update(text=message.text):
            raise PermanentError(_("The post is gone."))
        return Receipt(external_id)

    def retract(self, external_id: str) -> None:
        """Remove a post; what is gone already is no error."""
        self._maybe_fail()
        self._own(external_id).delete()

    def _own(self, external_id: str) -> QuerySet[SimulatedPost]:
        known = external_id.isdecimal() and len(external_id) <= 18
        own = SimulatedPost.objects.filter(world=self._world, idempotency_key__isnull=False)
        return own.filter(pk=int(external_id)) if known else own.none()

    def find(self, message: Message) -> Receipt | None:
        found = SimulatedPost.objects.filter(idempotency_key=message.idempotency_key).first()
        return None if found is None else self._receipt(found)

    def _write(self, message: Message) -> Receipt:
        """The key is unique: publishing again gives the receipt of the first time."""
        with transaction.atomic():
            post, _created = SimulatedPost.objects.get_or_create(
                idempotency_key=message.idempotency_key,
                defaults={
                    "world": self._world,
                    "network": self._network,
                    "author": self._author,
                    "text": message.text,
                    "appears_at": database_now(),
                    "in_reply_to": self._answered(message.reply_to),
                },
            )
        return self._receipt(post)

    def _answered(self, external_id: str) -> SimulatedPost | None:
        if not external_id.isdecimal() or len(external_id) > 18:
            return None
        return SimulatedPost.objects.filter(world=self._world, pk=int(external_id)).first()

    def _receipt(self, post: SimulatedPost) -> Receipt:
        return Receipt(str(post.pk))
