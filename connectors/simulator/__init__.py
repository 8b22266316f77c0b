"""The simulated network: rows of our own, for the demo, drills and tests."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection, Setting
from connectors.network import Group, Network, Wanted

from .publisher import SimulatorPublisher
from .reader import SimulatorReader

_WORLD = Setting(
    "world",
    _("Simulated world"),
    help=_("The name of the demo or drill. Sources of a world read what its accounts publish."),
)


def _reader(_connection: Connection, wanted: Wanted) -> SimulatorReader:
    return SimulatorReader(wanted)


def _publisher(connection: Connection) -> SimulatorPublisher:
    return SimulatorPublisher(connection.name, connection.config)


NETWORK = Network(
    label=_("Simulated network"),
    icon="robot",
    can=Can.BACKFILL | Can.POST | Can.REPLY | Can.FIND,
    max_length=SimulatorPublisher.max_length,
    group=Group.TOOLS,
    account=(_WORLD,),
    reads_by_account=False,
    source=(_WORLD,),
    poll_every=2,
    shortest_poll=1,
    reader=_reader,
    publisher=_publisher,
)
