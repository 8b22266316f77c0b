"""How a text stands in each account: whole, or as the parts of a thread."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Refused

from . import picturing, previewing, splitting, texts
from .services import media

# The parts that a text goes out as through an account (its id); [] where it goes out whole.
PartsFor = Callable[[int], Sequence[str]]


def whole(_account_id: int) -> Sequence[str]:
    return []


@dataclass(frozen=True)
class Part:
    """One post of a thread, from 1, with its length by the network's rule."""

    number: int
    text: str
    length: int
    pieces: list[previewing.Piece]


@dataclass(frozen=True)
class Preview:
    """How a text stands in one account: its length by the network's rule; limit 0 is none."""

    account: ConnectedAccount
    text: str
    length: int
    limit: int
    pieces: list[previewing.Piece] = field(default_factory=list)
    images: Sequence[picturing.Shown] = ()
    parts: Sequence[Part] = ()
    # Why it cannot be parted, though it should be.
    problem: str = ""
    # Whether it answers somebody.
    answers: bool = False

    @property
    def counts(self) -> str:
        """What a writer should know of how the network counts."""
        return str(NETWORKS[self.account.network].counts)

    @property
    def shows_images(self) -> bool:
        return media.showable(self.account, answers=self.answers)

    @property
    def may_thread(self) -> bool:
        return NETWORKS[self.account.network].threads

    @property
    def initial(self) -> str:
        return self.account.name.lstrip("@")[:1].upper()

    @property
    def over(self) -> int:
        longest = max((part.length for part in self.parts), default=self.length)
        return max(0, longest - self.limit) if self.limit else 0

    @property
    def label(self) -> str:
        return str(NETWORKS[self.account.network].label)


def previews(
    accounts: Collection[ConnectedAccount],
    text: str,
    images: Sequence[picturing.Shown] = (),
    parts_for: PartsFor = whole,
    *,
    answers: bool = False,
) -> list[Preview]:
    known = [account for account in accounts if account.network in NETWORKS]
    shown = [_preview(each, text, images, parts_for(each.pk)) for each in known]
    return [replace(each, answers=answers) for each in shown]


def tried(
    accounts: Collection[ConnectedAccount],
    text: str,
    images: Sequence[picturing.Shown],
    pieces: Sequence[str],
    *,
    answers: bool = False,
) -> list[Preview]:
    """The same of a text that is to be parted, as it would be now: `pieces` between its breaks."""
    known = [account for account in accounts if account.network in NETWORKS]
    shown = [_preview(each, text, images, *_split(each, pieces)) for each in known]
    return [replace(each, answers=answers) for each in shown]


def _split(account: ConnectedAccount, pieces: Sequence[str]) -> tuple[Sequence[str], str]:
    try:
        return splitting.of_account(account, pieces), ""
    except Refused as refused:
        return [], str(refused)


def _preview(
    account: ConnectedAccount,
    text: str,
    images: Sequence[picturing.Shown],
    thread: Sequence[str],
    problem: str = "",
) -> Preview:
    parts = [
        Part(at, part, texts.measure(account, part)[0], previewing.pieces(account, part))
        for at, part in enumerate(thread, 1)
    ]
    shown = [] if parts else previewing.pieces(account, text)
    length, limit = texts.measure(account, text)
    return Preview(account, text, length, limit, shown, images, parts, problem)
