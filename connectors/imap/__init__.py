"""A mailbox, read by IMAP: alerts of listening tools, customers' complaints."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection, Prober, Publisher, Reader, Setting, Streamer
from connectors.network import Group, Network, Wanted

_ENCRYPTION = (
    ("tls", _("From the start (TLS)")),
    ("starttls", _("From the first words on (STARTTLS)")),
    ("plain", _("None, inside your own network only")),
)


def _reader(connection: Connection, wanted: Wanted) -> Reader:
    from .line import Mailbox  # noqa: PLC0415
    from .reader import ImapReader  # noqa: PLC0415

    return ImapReader(Mailbox.of(connection), wanted)


def _streamer(connection: Connection, wanted: Wanted) -> Streamer:
    from .line import Mailbox  # noqa: PLC0415
    from .stream import ImapStreamer  # noqa: PLC0415

    return ImapStreamer(Mailbox.of(connection), wanted)


def _prober(connection: Connection, wanted: Wanted) -> Prober:
    from .line import Mailbox  # noqa: PLC0415
    from .prober import ImapProber  # noqa: PLC0415

    return ImapProber(Mailbox.of(connection), wanted)


def _publisher(connection: Connection) -> Publisher:
    from .line import Mailbox  # noqa: PLC0415
    from .publisher import MailPublisher, Outgoing  # noqa: PLC0415

    return MailPublisher(Mailbox.of(connection), Outgoing.of(connection))


NETWORK = Network(
    label=_("E-mail (IMAP)"),
    icon="mail",
    group=Group.DIRECT,
    counted_as="mail",
    can=Can.STREAM | Can.BACKFILL | Can.SEES_DELETIONS | Can.REPLY | Can.FIND,
    account=(
        Setting("host", _("Mail server"), help=_("Such as imap.example.org.")),
        Setting(
            "port",
            _("Port"),
            kind="number",
            required=False,
            help=_("993 with encryption from the start, 143 otherwise."),
        ),
        Setting(
            "security",
            _("Encryption"),
            kind="choice",
            required=False,
            default="tls",
            choices=_ENCRYPTION,
        ),
        Setting("user", _("User name")),
        Setting(
            "password",
            _("Password"),
            secret=True,
            required=False,
            help=_("Many providers want a password made for one app."),
        ),
        Setting(
            "token_url",
            _("Instead of a password: the address that gives access tokens"),
            kind="url",
            required=False,
            help=_("For servers that take OAuth only, such as Microsoft 365."),
        ),
        Setting("client_id", _("Client ID"), secret=True, required=False),
        Setting("client_secret", _("Client secret"), secret=True, required=False),
        Setting(
            "refresh_token",
            _("Refresh token"),
            secret=True,
            required=False,
            help=_("Empty: the client signs in by its own name."),
        ),
        Setting("scope", _("Scope"), required=False),
        Setting(
            "smtp_host",
            _("Outgoing mail server"),
            required=False,
            help=_("To answer mails, such as smtp.example.org. Empty: the mailbox is only read."),
        ),
        Setting(
            "smtp_port",
            _("Port of the outgoing server"),
            kind="number",
            required=False,
            help=_("587 with STARTTLS, 465 with encryption from the start."),
        ),
        Setting(
            "smtp_security",
            _("Encryption of outgoing mail"),
            kind="choice",
            required=False,
            default="starttls",
            choices=_ENCRYPTION,
        ),
        Setting(
            "sender",
            _("Sender's address"),
            required=False,
            help=_("Where it is not the user name."),
        ),
        Setting("sender_name", _("Sender's name"), required=False),
    ),
    source=(
        Setting("folder", _("Folder"), required=False, default="INBOX"),
        Setting(
            "from",
            _("Only from these senders"),
            kind="lines",
            required=False,
            help=_("Addresses or domains, one a line. Empty: from everybody."),
        ),
        Setting(
            "subject",
            _("Only with one of these in the subject"),
            kind="lines",
            required=False,
            help=_("One a line. Empty: whatever the subject."),
        ),
        Setting(
            "deleted",
            _("When a mail is deleted or moved away"),
            kind="choice",
            required=False,
            default="keep",
            choices=(
                ("keep", _("Keep the mention")),
                ("follow", _("Take the mention's text away too")),
            ),
        ),
    ),
    max_length=20_000,
    publishes_by="smtp_host",
    poll_every=120,
    shortest_poll=30,
    reader=_reader,
    streamer=_streamer,
    prober=_prober,
    publisher=_publisher,
)
