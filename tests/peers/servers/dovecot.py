"""A mail server on loopback: Debian's dovecot, IMAP and delivery (LMTP), as an ordinary user."""

import grp
import os
import pwd
import shutil
import smtplib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient

from tests.peer import Peer, peer

from . import free_ports, listens, running

CONFIG = """
base_dir = {home}/run
log_path = {home}/log/dovecot.log
state_dir = {home}/run
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{home}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {home}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%n
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  chroot =
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service stats {{
  chroot =
}}
"""

# The server asks the identity provider about each token that it is shown.
OAUTH = """
introspection_mode = get
introspection_url = {url}/introspect?token=
username_attribute = username
active_attribute = active
active_value = true
"""


def missing() -> str:
    """Say what to install before the server can run, or nothing."""
    if not shutil.which("dovecot"):
        return "The mail server is not installed: apt-get install dovecot-imapd dovecot-lmtpd"
    return ""


@dataclass
class Server:
    """A server with the mailboxes brand@ and other@example.org; `authority` signed for its TLS."""

    home: Path
    port: int
    tls_port: int
    delivery: int
    authority: Path
    # Gives and judges access tokens: its answers are the tests' to write.
    identity: Peer
    changes: int = 0

    def password(self, user: str, password: str) -> None:
        """Set a mailbox's password, from now on."""
        entries = {"brand": "brand-password", "other": "other-password", user: password}
        lines = [f"{name}:{{PLAIN}}{secret}::::::\n" for name, secret in entries.items()]
        file = self.home / "users"
        file.write_text("".join(lines))
        # The server looks once a second, and reads it again when its time has changed.
        self.changes += 2
        os.utime(file, (time.time() + self.changes,) * 2)
        time.sleep(1.2)

    def deliver(self, *mails: bytes, to: str = "brand") -> None:
        with smtplib.LMTP("127.0.0.1", self.delivery) as line:
            for mail in mails:
                line.sendmail("sender@example.org", [to], mail)

    @contextmanager
    def box(self, user: str = "brand") -> Iterator[IMAPClient]:
        """The mailbox as its owner's own mail program uses it."""
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20) as client:
            client.login(user, f"{user}-password")
            yield client

    def renumber(self, user: str = "brand") -> None:
        """Lose what numbers the mails have, as after a restore from a backup."""
        for file in (self.home / "mail" / user).glob("dovecot*"):
            file.unlink()


@contextmanager
def server() -> Iterator[Server]:
    """Run a server until the end of the block."""
    # Not pytest's own folder: the server runs as somebody else, who must get there.
    home = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
    try:
        with peer() as identity:
            yield from _serving(home, identity)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _serving(home: Path, identity: Peer) -> Iterator[Server]:
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    imap, imaps, lmtp = free_ports(3)
    for name in ("run", "mail", "log"):
        (home / name).mkdir()
    found = Server(home, imap, imaps, lmtp, _certificate(home), identity)
    (home / "oauth2.conf").write_text(OAUTH.format(url=identity.url))
    found.password("brand", "brand-password")
    (home / "dovecot.conf").write_text(
        CONFIG.format(
            home=home,
            user=owner.pw_name,
            group=grp.getgrgid(owner.pw_gid).gr_name,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            imap=imap,
            imaps=imaps,
            lmtp=lmtp,
        )
    )
    command = ["dovecot", "-F", "-c", str(home / "dovecot.conf")]
    if os.geteuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        person = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        command = ["setpriv", *person, *command]
    with running(command, ready=listens(lmtp), log=home / "said", seconds=20):
        yield found


def _certificate(home: Path) -> Path:
    """Make a certificate for localhost that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (home / "cert.pem").write_bytes(made.public_bytes(pem))
    (home / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return home / "cert.pem"
