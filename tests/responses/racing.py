"""Editing, approving and publishing one draft at the same moment: for tests and `make bench`."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django.utils import timezone

from accounts.models import User
from connectors.models import ConnectedAccount, SimulatedPost
from core.errors import Refused
from incidents.models import Incident
from responses import services, texts
from responses.enums import DraftState, Verdict
from responses.models import Approval, Draft, Version
from responses.publishing import publish_due
from responses.services.approving import UNDO_WINDOW
from tests.threads import together


def a_submitted_draft(incident: Incident, account: ConnectedAccount, bob: User) -> Draft:
    draft = services.create_draft(
        incident.pk,
        title="T",
        text=f"Approved words {random.random()}",
        by=bob,
        account_ids=[account.pk],
        now=timezone.now(),
    )
    return services.submit(draft.pk, by=bob, now=timezone.now())


def approve(draft: Draft, alice: User, shown: str) -> None:
    """Approve long enough ago that the undo window is over."""
    services.approve(draft.pk, by=alice, sha256=shown, now=timezone.now() - UNDO_WINDOW)


class Editor:
    """Edits a moment after the others have started: later when it was too early last time, and
    sooner when it was too late, so that the race stays one however busy the machine is."""

    def __init__(self, bob: User) -> None:
        self.bob = bob
        self.delay = 0.02
        self.done = threading.Event()

    def edit(self, draft: Draft) -> None:
        time.sleep(self.delay * random.uniform(0.5, 1.5))
        try:
            services.edit_draft(
                draft.pk,
                text=f"Nobody approved {random.random()}",
                base_version=1,
                by=self.bob,
                now=timezone.now(),
            )
        finally:
            self.done.set()

    def keep_doing(self, work: Callable[[], object]) -> None:
        """Work until a moment after the edit."""
        while not self.done.wait(0.003):
            work()
        work()

    def learn(self, *, too_early: bool) -> None:
        self.delay = min(self.delay * 1.4, 1.0) if too_early else self.delay * 0.7
        self.done.clear()


def unapproved() -> list[str]:
    """What is out without that anybody ever approved these words."""
    approved = set(
        Approval.objects.filter(verdict=Verdict.APPROVED).values_list("sha256", flat=True)
    )
    out = SimulatedPost.objects.values_list("text", flat=True)
    return [text for text in out if texts.sha256(text) not in approved]


def naive_publish(draft: Draft, account: ConnectedAccount) -> None:
    """What publishing would be without lock, digest and guard: look, then send the latest text."""
    if Draft.objects.get(pk=draft.pk).state != DraftState.APPROVED:
        return
    time.sleep(0.05)
    text = Version.objects.filter(draft=draft).order_by("-number").first().text
    SimulatedPost.objects.get_or_create(
        idempotency_key=f"naive-{draft.pk}",
        defaults={
            "world": "naive",
            "author": account.name,
            "text": text,
            "appears_at": timezone.now(),
        },
    )


@dataclass
class Racing:
    """Race after race; the editor learns when to edit, so that each is close."""

    incident: Incident
    account: ConnectedAccount
    author: User
    approver: User
    editor: Editor = field(init=False)

    def __post_init__(self) -> None:
        self.editor = Editor(self.author)

    def run(self) -> None:
        """One edits while one approves and two engines publish."""
        draft = self._draft()
        publish = partial(self.editor.keep_doing, publish_due)
        together(*self._people(draft), publish, publish, bearing=Refused)
        out = SimulatedPost.objects.filter(text=draft.versions.get(number=1).text)
        self.editor.learn(too_early=not out.exists())

    def run_naively(self) -> None:
        """The control: the same race with a publisher that only looks before it sends."""
        draft = self._draft()
        naively = partial(naive_publish, draft, self.account)
        together(*self._people(draft), partial(self.editor.keep_doing, naively), bearing=Refused)
        out = SimulatedPost.objects.filter(idempotency_key=f"naive-{draft.pk}")
        self.editor.learn(too_early=not out.exists())

    def _draft(self) -> Draft:
        return a_submitted_draft(self.incident, self.account, self.author)

    def _people(self, draft: Draft) -> tuple[Callable[[], object], ...]:
        shown = draft.versions.get(number=1).sha256
        return (
            partial(approve, draft, self.approver, shown),
            partial(self.editor.edit, draft),
        )
