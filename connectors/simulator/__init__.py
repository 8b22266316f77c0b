"""The simulated network: rows of our own, for the demo, drills and tests."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection, Setting
from connectors.counting import by_graphemes
from connectors.network import Group, Network, Wanted

from .publisher import SimulatorPublisher
from .reader import SimulatorReader
from .streamer import SimulatorStreamer

_WORLD = Setting(
    "world",
    _("Simulated world"),
    help=_("The name of the demo or drill. Sources of a world read what its accounts publish."),
)


def _reader(_connection: Connection, wanted: Wanted) -> SimulatorReader:
    return SimulatorReader(wanted)


def _streamer(_connection: Connection, wanted: Wanted) -> SimulatorStreamer:
    return SimulatorStreamer(SimulatorReader(wanted))


def _streams(wanted: Wanted) -> bool:
    return wanted.get("live") == "yes"


def _publisher(connection: Connection) -> SimulatorPublisher:
    return SimulatorPublisher(connection.name, connection.config)


NETWORK = Network(
    label=_("Simulated network"),
    icon="robot",
    can=Can.STREAM | Can.BACKFILL | Can.POST | Can.REPLY | Can.FIND | Can.EDIT | Can.DELETE,
    max_length=SimulatorPublisher.max_length,
    measure=by_graphemes(SimulatorPublisher.max_length),
    threads=True,
    group=Group.TOOLS,
    account=(_WORLD,),
    reads_by_account=False,
    source=(
        _WORLD,
        Setting(
            "live",
            _("How it is read"),
            kind="choice",
            required=False,
            default="no",
            choices=(("no", _("Every two seconds")), ("yes", _("As it happens"))),
        ),
    ),
    poll_every=2,
    shortest_poll=1,
    reader=_reader,
    streamer=_streamer,
    streams=_streams,
    publisher=_publisher,
    editor=_publisher,
    retractor=_publisher,
)
