"""What is read out of a mail, however it was written."""

import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.mime.text import MIMEText

import pytest

from connectors.imap.mail import Mail, read, said
from connectors.imap.reader import Choice, post_of

ARRIVED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLAIN = b"""Message-ID: <1@mail.example>
From: =?utf-8?q?Ida_S=C3=B8rensen?= <Ida@Example.org>
To: kontakt@fjordkaffe.example
Subject: =?utf-8?b?R2xhcyBpIGthZmZlbg==?=
Date: Mon, 23 Nov 2026 12:58:00 +0100
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: 8bit

Der var glas i min kaffe. Hvad g\xf8r I?
""".replace(b"\n", b"\r\n")


def mail(raw: bytes) -> Mail:
    return read(raw, arrived=ARRIVED)


def with_headers(*lines: str, body: bytes = b"hello") -> Mail:
    head = b"\r\n".join(
        x.encode("utf-8", "surrogateescape") if isinstance(x, str) else x for x in lines
    )
    return mail(head + b"\r\n\r\n" + body)


def test_a_mail_becomes_a_post_that_does_not_show_the_address() -> None:
    post = post_of(mail(PLAIN))
    assert post.title == "Glas i kaffen"
    assert post.text == "Der var glas i min kaffe. Hvad gør I?"
    assert (post.author, post.author_id) == ("Ida Sørensen", "ida@example.org")
    assert post.published_at == datetime(2026, 11, 23, 11, 58, tzinfo=UTC)
    assert post.external_id.startswith("<1@mail.example>#")
    assert post.network == "mail"


def test_the_same_mail_delivered_twice_has_one_id_and_others_never_do() -> None:
    again = b"Received: by another way\r\n" + PLAIN
    assert mail(again).id == mail(PLAIN).id
    # Some programs use one Message-ID for all that they send, or none.
    assert mail(PLAIN.replace(b"glas", b"sten")).id != mail(PLAIN).id
    without = PLAIN.replace(b"Message-ID: <1@mail.example>\r\n", b"")
    assert mail(without).id.startswith("#")
    assert mail(without).id != mail(without.replace(b"12:58", b"12:57")).id


@pytest.mark.parametrize(
    ("header", "name", "address"),
    [
        ("From: ida@example.org", "example.org", "ida@example.org"),
        ('From: "ida@example.org" <ida@example.org>', "example.org", "ida@example.org"),
        ('From: "Ida, Kunde" <ida@example.org>', "Ida, Kunde", "ida@example.org"),
        # A name that poses as another's address.
        ("From: =?utf-8?q?boss=40brand.dk=3E?= <x@evil.example>", "evil.example", "x@evil.example"),
        ("From: Ida", "Ida", ""),
        ("From: Ægir <aegir@example.org>", "Ægir", "aegir@example.org"),
        ("From: =?x-none?q?Ida?= <ida@example.org>", "Ida", "ida@example.org"),
        ("From: =?utf-8?b?!!!?= <ida@example.org>", "example.org", "ida@example.org"),
        ("X-No: sender", "", ""),
        ("From: " + "<" * 5000, "", ""),
    ],
)
def test_senders_of_all_kinds(header: str, name: str, address: str) -> None:
    found = with_headers(header)
    assert found.address == address
    if address or name:
        assert found.name == name


@pytest.mark.parametrize(
    ("claimed", "believed"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0000", True),
        ("Mon, 23 Nov 2026 10:00:00", True),
        ("Tue, 01 Jan 1985 00:00:00 +0000", False),
        ("Mon, 23 Nov 2037 10:00:00 +0000", False),
        ("Mon, 99 Foo 2026 99:99:99 +9999", False),
        ("Mon, 23 Nov 99999 10:00:00 +0000", False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_a_date_is_believed_where_it_fits_the_arrival(claimed: str, believed: bool) -> None:
    found = with_headers(f"Date: {claimed}")
    assert found.at == (ARRIVED - timedelta(hours=2) if believed else ARRIVED)


@pytest.mark.parametrize(
    "charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "x-unknown", "", "../../etc"]
)
def test_unknown_character_sets_lose_nothing(charset: str) -> None:
    real = charset if charset in {"iso-8859-1", "windows-1252", "utf-16"} else "utf-8"
    found = with_headers(
        f'Content-Type: text/plain; charset="{charset}"', body="blåbærgrød".encode(real)
    )
    assert found.text == "blåbærgrød"


def test_plain_words_are_preferred_and_html_is_read_without_fetching() -> None:
    both = EmailMessage()
    both["Subject"] = "x"
    both.set_content("plain words")
    both.add_alternative("<p>marked <b>words</b></p>", subtype="html")
    assert mail(both.as_bytes()).text == "plain words"
    only = MIMEText(
        '<style>p{}</style><p>marked <img src="http://169.254.169.254/x"><b>words</b></p>', "html"
    )
    assert mail(only.as_bytes()).text == "marked words"


def test_files_are_named_and_left_alone() -> None:
    made = EmailMessage()
    made["Subject"] = "Se billedet"
    made.set_content("Se her.")
    made.add_attachment(b"\xff" * 900, maintype="image", subtype="jpeg", filename="kaffe æ.jpg")
    made.add_attachment("secret", filename="note.txt")
    found = mail(made.as_bytes())
    assert found.attachments == ["kaffe æ.jpg", "note.txt"]
    assert post_of(found).text == "Se her.\n\n📎 kaffe æ.jpg 📎 note.txt"


def test_a_mail_of_its_subject_alone_says_that() -> None:
    assert post_of(with_headers("Subject: Ring til mig", body=b"")).text == "Ring til mig"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            "Ny besked\n\nOn Mon, Nov 23, 2026 at 9:00 AM F <k@f.example> wrote:\n> gammelt",
            "Ny besked",
        ),
        (
            "Ny besked\n\nDen man. 23. nov. 2026 kl. 09.00 skrev Fjordkaffe <k@f.example>:\n> x",
            "Ny besked",
        ),
        ("Ny\n\n-----Oprindelig meddelelse-----\nFra: Fjordkaffe\nSendt: i går\n\ngammelt", "Ny"),
        (
            "Ny\n\nFra: Fjordkaffe <k@f.example>\nSendt: 23. november\nTil: Ida\n\ngammelt",
            "Ny",
        ),
        ("Ny\n\n________________________________\nFrom: F\nSent: yesterday\n\nold", "Ny"),
        ("Svar\n> citat\nmere svar\n> citat", "Svar\nmere svar"),
        ("Hej\n\n-- \nIda Sørensen\n+45 12 34 56 78", "Hej"),
        ("Hej\n\nSendt fra min iPhone", "Hej"),
        # Nothing is left out where nothing else would be left, or too much would go.
        ("> kun citat\n> mere", "> kun citat\n> mere"),
        ("-- \nIda", "-- \nIda"),
        (
            "Nyt\n--\n" + "Et resultat til\n" * 200,
            "Nyt\n--\n" + ("Et resultat til\n" * 200).strip(),
        ),
        ("Onsdag skrev jeg til jer: intet svar", "Onsdag skrev jeg til jer: intet svar"),
        ("From: here to there\nit is far", "From: here to there\nit is far"),
    ],
)
def test_what_was_said_before_and_signatures_are_left_out(body: str, kept: str) -> None:
    assert said(body) == kept
    assert said(body.replace("\n", "\r\n")) == kept


def test_what_is_forwarded_is_kept() -> None:
    body = "Se her\n\nFra: Kunde\nSendt: i går\n\nDer var glas i kaffen"
    assert "glas" in said(body, "VS: Klage")
    assert "glas" not in said(body, "SV: Klage")


@pytest.mark.parametrize(
    "headers",
    [
        ["Auto-Submitted: auto-replied (vacation)"],
        ["Return-Path: <>"],
        ["Content-Type: multipart/report"],
    ],
)
def test_machines_own_answers_are_known(headers: list[str]) -> None:
    assert with_headers(*headers).automatic
    assert not with_headers("Auto-Submitted: auto-generated").automatic


def test_a_source_takes_what_it_is_set_to() -> None:
    found = mail(PLAIN)
    own = "kontakt@fjordkaffe.example"
    assert Choice({}, own).takes(found)
    assert Choice({"from": ["@example.org"]}, own).takes(found)
    assert Choice({"from": "other.example\nida@example.org"}, own).takes(found)
    assert not Choice({"from": ["notexample.org", "le.org"]}, own).takes(found)
    assert Choice({"subject": ["GLAS"]}, own).takes(found)
    assert not Choice({"subject": ["sten"]}, own).takes(found)
    assert not Choice({}, "ida@example.org").takes(found)


def nested(depth: int) -> bytes:
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth)
    )
    return ("Subject: deep\r\n" + head).encode()[:65_536]


HOSTILE = {
    "empty": b"",
    "no header": b"\r\n\r\nwords",
    "zeros": b"\x00" * 65_536,
    "bytes": bytes(range(256)) * 256,
    "nested": nested(1500),
    "many parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 6000,
    "one long header": b"Subject: " + b"a" * 65_000,
    "many headers": b"X: y\r\n" * 10_000 + b"\r\nhi",
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 4500 + b"\r\n\r\nhi",
    "half encoded words": b"From: " + b"=?utf-8?q?" * 6000 + b"\r\n\r\nhi",
    "addresses": b"From: " + b"a@b," * 16_000 + b"\r\n\r\nhi",
    "comments": b"From: " + b"(" * 60_000 + b"\r\n\r\nhi",
    "boundaries": b'Content-Type: multipart/mixed; boundary="' + b"a" * 60_000 + b'"\r\n\r\nhi',
    "parameters": b"Content-Type: text/plain" + b"; a*0*=x''y" * 5000 + b"\r\n\r\nhi",
    "bad base64": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"!" * 60_000,
    "bad uu": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 666 x\r\n" + b"\xff" * 999,
    "quotes": b"Subject: a\r\n\r\n" + b"> \r\n" * 16_000,
    "on after on": b"Subject: a\r\n\r\nx\r\n" + b"On " * 20_000,
    "on lines": b"Subject: a\r\n\r\nx\r\n" + (b"On " + b"y" * 190 + b"\r\n") * 320,
    "blanks": b"Subject: a\r\n\r\nx" + b" " * 30_000 + b"\r\n" * 15_000,
    "underlines": b"Subject: a\r\n\r\nx\r\n" + b"_" * 60_000,
    "html": b"Content-Type: text/html\r\n\r\n" + b"<div><b>" * 8000,
    "cut html": b"Content-Type: text/html\r\n\r\n<p>hi</p><img src='x" + b"a" * 60_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_mail_is_read_quickly_or_left_out(kind: str) -> None:
    began = time.process_time()
    found = mail(HOSTILE[kind])
    assert time.process_time() - began < 3
    assert len(found.subject) <= 2_000
    assert len(found.id) < 500
    assert post_of(found)
