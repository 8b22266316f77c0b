"""From the bytes of a mail to what was said in it. Pure; nothing is ever fetched or opened.

Mails are written by anybody with any program: unknown character sets, impossible dates, parts in
parts without end, headers that lie. Whatever cannot be read is left out, never raised.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from connectors.plain import text_of

# Characters of a header that are looked at, parts of a mail, names of attachments.
MAX_HEADER = 2_000
MAX_PARTS = 100
MAX_NAMES = 10
# Characters below a signature's mark; more than that is no signature.
MAX_SIGNATURE = 1_000
# A claimed date this far from the arrival is not believed.
EARLY, LATE = timedelta(days=2), timedelta(hours=1)
# What begins the mail that is answered, in the languages we meet; below it nothing is new.
_ANSWERED = re.compile(
    r"(?:^-{2,} ?(?:Original Message|Oprindelig meddelelse|Oprindelig besked|"
    r"Ursprüngliche Nachricht|Ursprungligt meddelande|Opprinnelig melding|Message d'origine)\b"
    r"|^_{10,}\s*$"
    r"|^(?:On|Den|Am|Le|El|Op)\b[^\n]{5,200}(?:wrote|skrev|schrieb|a écrit|escribió|schreef)"
    r"[^\n]{0,60}:\s*$"
    r"|^\*?(?:From|Fra|Von|Från|De|Van):\*? [^\n]{2,200}\n"
    r"\*?(?:Sent|Sendt|Gesendet|Skickat|Date|Dato|Datum|Envoyé|Til|To):)",
    re.MULTILINE | re.IGNORECASE,
)
_FORWARDED = re.compile(r"^\s*(?:fwd?|vs|wg|tr)\s*:", re.IGNORECASE)
_SIGNATURE = re.compile(
    r"^(?:-- ?$|(?:Sent from|Sendt fra|Von meinem|Skickat från|Envoyé de|Get Outlook for)\b"
    r"[^\n]{0,80}$)",
    re.MULTILINE | re.IGNORECASE,
)
_GAPS = re.compile(r"\n{3,}")
_ANGLED = re.compile(r"<\s*(?P<address>[^<>\s@]+@[^<>\s@]+)\s*>")
_BARE = re.compile(r"(?P<address>[^\s<>()\",;:@]+@[^\s<>()\",;:@]+)")
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says and who sent it. `id` is the same however often the mail is delivered."""

    id: str
    subject: str
    text: str
    name: str
    address: str
    at: datetime
    attachments: list[str] = field(default_factory=list)
    # A machine's own answer: out of office, not delivered.
    automatic: bool = False


def read(raw: bytes, *, arrived: datetime) -> Mail:
    """Return what a mail says. `raw` may be cut off anywhere; `arrived` is when it came."""
    try:
        parsed = message_from_bytes(raw)
        words, attachments = _body(parsed)
    except RecursionError:
        # Parts within parts without end: who and about what is all there is to say.
        parsed = message_from_bytes(raw.partition(b"\r\n\r\n")[0])
        words, attachments = "", []
    subject = header(parsed, "Subject")
    name, address = _sender(parsed)
    return Mail(
        id=_id(parsed, raw),
        subject=subject,
        text=said(words, subject),
        name=name or address.rpartition("@")[2],
        address=address,
        at=_moment(header(parsed, "Date"), arrived),
        attachments=attachments,
        automatic=_is_automatic(parsed),
    )


def headers(raw: bytes, *names: str) -> dict[str, str]:
    """Return headers in readable form, "" for those that are missing."""
    parsed = message_from_bytes(raw.partition(b"\r\n\r\n")[0])
    return {name: header(parsed, name) for name in names}


def header(message: Message, name: str) -> str:
    """Return a header in readable form, "" where it is missing."""
    return _readable(_raw(message, name))


def _raw(message: Message, name: str) -> str:
    """Return a header as it was sent; bytes beyond ASCII are read as UTF-8, if they are that."""
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            data = str(value)[:MAX_HEADER].encode("utf-8", "surrogateescape")
            return decoded(data, None)
    return ""


def _readable(raw: str) -> str:
    """Decode the encoded words of a header, "=?utf-8?q?…?="."""
    try:
        parts = decode_header(raw)
    except (HeaderParseError, ValueError, LookupError):
        return " ".join(raw.split())
    text = "".join(
        part if isinstance(part, str) else _decoded_word(part, charset) for part, charset in parts
    )
    return " ".join(text.split())


def _decoded_word(part: bytes, charset: str | None) -> str:
    # What stands between encoded words comes in this encoding.
    return decoded(part, charset) if charset else part.decode("raw-unicode-escape", "replace")


def decoded(data: bytes, charset: str | None) -> str:
    """Return bytes as text by the named character set, else by what they are likely in."""
    for candidate in (charset or "utf-8", "utf-8"):
        try:
            return data.decode(candidate)
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def said(words: str, subject: str = "") -> str:
    """Leave out the mail that is answered and the signature; what is forwarded is kept."""
    text = words.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not _FORWARDED.match(subject):
        text = _without_answered(text)
    cut = _SIGNATURE.search(text)
    if cut and text[: cut.start()].strip() and len(text) - cut.start() <= MAX_SIGNATURE:
        text = text[: cut.start()]
    return _GAPS.sub("\n\n", text).strip()


def _without_answered(text: str) -> str:
    found = _ANSWERED.search(text)
    if found and text[: found.start()].strip():
        text = text[: found.start()]
    kept = [line for line in text.split("\n") if not line.lstrip().startswith(">")]
    return "\n".join(kept) if any(line.strip() for line in kept) else text


def message_id(message: Message) -> str:
    """Return "<…>", "" for what is none."""
    found = _MESSAGE_ID.search(_raw(message, "Message-ID"))
    return found.group() if found else ""


def _id(message: Message, raw: bytes) -> str:
    """Message-IDs are missing, or the same for all that a program ever sends: content tells too."""
    _head, _gap, body = raw.partition(b"\r\n\r\n")
    told = [_raw(message, name) for name in ("From", "Date", "Subject")]
    content = "\n".join(told).encode("utf-8", "replace") + body[:2000]
    return f"{message_id(message)}#{hashlib.sha256(content).hexdigest()[:16]}"


def _body(message: Message) -> tuple[str, list[str]]:
    """Return the words of a mail, the plain ones if it has any, and the names of its files."""
    plain: list[str] = []
    marked: list[str] = []
    names: list[str] = []
    for number, part in enumerate(message.walk()):
        if number == MAX_PARTS:
            break
        kind = part.get_content_type()
        name = _file_name(part)
        if name or part.get_content_disposition() == "attachment":
            names.append(name or kind)
        elif kind == "text/plain":
            plain.append(_text(part))
        elif kind == "text/html":
            marked.append(text_of(_text(part)))
    words = "\n".join(plain).strip() or "\n".join(marked)
    return words, names[:MAX_NAMES]


def _text(part: Message) -> str:
    try:
        data = part.get_payload(decode=True)
        charset = part.get_content_charset()
    except (ValueError, LookupError, TypeError, AssertionError):
        return ""
    return decoded(data, charset) if isinstance(data, bytes) else ""


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return ""
    return " ".join(name.split())[:100]


def _sender(message: Message) -> tuple[str, str]:
    """Return name and address. Split before it is decoded, or a name could pose as an address.

    The standard library's parser is not used: it recurses into nested comments without end.
    """
    raw = _raw(message, "From")[:500]
    angled = list(_ANGLED.finditer(raw))
    found = angled[-1] if angled else _BARE.search(raw)
    if found is None:
        return _readable(raw)[:100], ""
    address = found.group("address").lower()[:200]
    name = _readable(raw[: found.start()].strip().strip('"').replace('\\"', '"'))[:100]
    # A name that is an address says nothing, and would show it.
    return ("" if "@" in name or not angled else name), address


def _moment(claimed: str, arrived: datetime) -> datetime:
    try:
        at = parsedate_to_datetime(claimed)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        believed = arrived - EARLY <= at <= arrived + LATE
    except (ValueError, TypeError, IndexError, OverflowError):
        return arrived
    return at if believed else arrived


def _is_automatic(message: Message) -> bool:
    answered = _raw(message, "Auto-Submitted").strip().lower().startswith("auto-replied")
    bounced = _raw(message, "Return-Path").strip() == "<>"
    return answered or bounced or message.get_content_type() == "multipart/report"
