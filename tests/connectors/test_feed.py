import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest

from connectors.base import Batch, Post, ReadError
from connectors.feed.parsing import MAX_ENTRIES, first_entries
from connectors.feed.reader import FeedReader, unwrapped
from tests.peer import Answer, Call, Peer, peer

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Fjordavisen</title><language>da-DK</language>
<item><guid>a-1</guid><title>Kaffe tilbagekaldt</title><link>https://avis.example/1</link>
<description>&lt;p&gt;Der er &lt;b&gt;glas&lt;/b&gt; i kaffen.&lt;/p&gt;
&lt;script&gt;x()&lt;/script&gt;
&lt;p&gt;Sig det
til alle.&lt;/p&gt;</description><pubDate>Mon, 23 Nov 2026 12:00:00 +0100</pubDate>
<author>Åse Ø</author></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Blog</title>
<entry><id>urn:1</id><title type="html">A &amp;amp; B</title><link href="https://blog.example/1"/>
<updated>2026-11-23T10:00:00Z</updated><content type="html">&lt;i&gt;whole&lt;/i&gt; story</content>
<summary>short</summary></entry></feed>"""


@pytest.fixture
def server(settings: object) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]  # type: ignore[attr-defined]
    with peer() as served:
        yield served


def feed(server: Peer, body: str | bytes, kind: str = "application/rss+xml") -> None:
    data = body.encode() if isinstance(body, str) else body
    server.answers["/feed"] = Answer(data, headers={"Content-Type": kind})


def fetch(server: Peer, cursor: dict | None = None) -> Batch:
    return FeedReader({"url": server.url + "/feed"}).fetch(cursor or {}, now=NOW)


def test_an_item_becomes_a_post_in_plain_text(server: Peer) -> None:
    feed(server, RSS)
    [post] = fetch(server).posts
    assert post == Post(
        external_id="a-1",
        title="Kaffe tilbagekaldt",
        text="Der er glas i kaffen.\nSig det til alle.",
        author="Åse Ø",
        url="https://avis.example/1",
        published_at=datetime(2026, 11, 23, 11, 0, tzinfo=UTC),
        lang="da",
    )


def test_an_atom_entry_gives_its_content_rather_than_its_summary(server: Peer) -> None:
    feed(server, ATOM, "application/atom+xml")
    [post] = fetch(server).posts
    assert (post.external_id, post.title, post.text) == ("urn:1", "A & B", "whole story")
    assert (post.author, post.url) == ("Blog", "https://blog.example/1")


def test_what_has_not_changed_is_not_sent_again(server: Peer) -> None:
    def answer(call: Call) -> Answer:
        if call.headers.get("If-None-Match") == '"v1"':
            return Answer(status=304)
        return Answer(RSS.encode(), headers={"ETag": '"v1"', "Last-Modified": "yesterday"})

    server.answers["/feed"] = answer
    first = fetch(server)
    assert len(first.posts) == 1
    second = fetch(server, first.cursor)
    assert second.posts == []
    assert second.cursor == first.cursor
    assert server.calls[1].headers["If-Modified-Since"] == "yesterday"


def test_the_same_bytes_are_not_parsed_again(server: Peer) -> None:
    feed(server, RSS)
    assert fetch(server, fetch(server).cursor).posts == []


def test_redirects_are_followed(server: Peer) -> None:
    server.answers["/new"] = Answer(RSS.encode())
    server.answers["/feed"] = Answer(status=301, headers={"Location": "/new"})
    assert len(fetch(server).posts) == 1


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16", "utf-8-sig"])
def test_encodings_are_understood(server: Peer, encoding: str) -> None:
    declared = encoding.replace("-sig", "")
    body = RSS.replace('encoding="utf-8"', f'encoding="{declared}"').encode(encoding)
    feed(server, body, "application/xml")
    [post] = fetch(server).posts
    assert post.author == "Åse Ø"


def test_an_item_without_id_date_link_or_author_is_still_a_post(server: Peer) -> None:
    feed(server, "<rss><channel><item><description>Just words</description></item></channel></rss>")
    [post] = fetch(server).posts
    assert post == Post(external_id="", text="Just words")


def test_a_date_that_is_none_is_left_open(server: Peer) -> None:
    feed(server, RSS.replace("Mon, 23 Nov 2026 12:00:00 +0100", "the day before yesterday"))
    assert fetch(server).posts[0].published_at is None


def test_a_feed_that_is_not_well_formed_is_read_as_far_as_it_goes(server: Peer) -> None:
    feed(server, RSS.replace("</item>", "& <br> </item>").replace("</channel></rss>", ""))
    assert fetch(server).posts[0].title == "Kaffe tilbagekaldt"


def test_an_ordinary_doctype_is_no_attack(server: Peer) -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://x.example/rss.dtd">'
    feed(server, RSS.replace("<rss", doctype + "<rss", 1))
    assert len(fetch(server).posts) == 1


BOMB = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<rss><channel><item><title>&c;</title></item></channel></rss>"""
FILE = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<rss><channel><item><title>&f;</title></item></channel></rss>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("hostile", [BOMB, FILE])
def test_entities_are_refused_in_any_encoding(server: Peer, hostile: str, encoding: str) -> None:
    feed(server, hostile.encode(encoding), f"application/xml; charset={encoding}")
    with pytest.raises(ReadError, match="entities"):
        fetch(server)


def test_endless_nesting_is_refused(server: Peer) -> None:
    feed(server, "<rss><channel>" + "<a>" * 60_000 + "</a>" * 60_000 + "</channel></rss>")
    began = time.monotonic()
    with pytest.raises(ReadError, match="nests"):
        fetch(server)
    assert time.monotonic() - began < 5


def test_a_parser_driven_mad_costs_its_own_process_only(server: Peer) -> None:
    # Not well-formed, so that the gate's own parser gives up at once.
    feed(server, "<rss><channel>&" + "<item><title>" + "<b>" * 400_000)
    before = sys.getrecursionlimit()
    began = time.monotonic()
    with suppress(ReadError):
        fetch(server)
    assert time.monotonic() - began < 25
    assert sys.getrecursionlimit() == before


def test_only_the_first_entries_of_a_huge_feed_are_read(server: Peer) -> None:
    items = "".join(
        f"<item><guid>{n}</guid><title>Item {n}</title></item>\n" for n in range(20_000)
    )
    feed(server, f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>")
    began = time.monotonic()
    posts = fetch(server).posts
    assert [post.external_id for post in posts] == [str(n) for n in range(MAX_ENTRIES)]
    assert time.monotonic() - began < 5


def test_a_feed_within_bounds_is_left_as_it_is() -> None:
    assert first_entries(RSS.encode()) == RSS.encode()


def test_a_feed_that_never_ends_is_refused(server: Peer) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        while True:
            handler.wfile.write(b"<item><title>more</title></item>" * 1000)

    server.answers["/feed"] = Answer(b"<rss><channel>", sized=False, then=endless)
    with pytest.raises(ReadError, match="larger"):
        fetch(server)


@pytest.mark.parametrize("body", [b"", b"<html><body>Hello</body></html>", b"{}", b"\x00\xff" * 99])
def test_what_is_no_feed_is_named_so(server: Peer, body: bytes) -> None:
    feed(server, body, "text/html")
    with pytest.raises(ReadError, match="no RSS or Atom"):
        fetch(server)


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "sign-in"), (404, "nothing"), (410, "gone"), (500, "status 500"), (206, "status 206")],
)
def test_a_refusal_says_what_to_do(server: Peer, status: int, words: str) -> None:
    server.answers["/feed"] = Answer(status=status)
    with pytest.raises(ReadError, match=words):
        fetch(server)


@pytest.mark.parametrize("header", ["120", "Mon, 23 Nov 2026 14:02:00 GMT"])
def test_a_server_that_asks_for_patience_is_heard(server: Peer, header: str) -> None:
    server.answers["/feed"] = Answer(status=429, headers={"Retry-After": header})
    with pytest.raises(ReadError, match="too often") as refusal:
        fetch(server)
    assert refusal.value.retry_after == 120


def test_nobody_there_is_a_read_error_and_a_private_address_is_refused(
    server: Peer, settings: object
) -> None:
    feed(server, RSS)
    assert len(fetch(server).posts) == 1
    settings.OUTBOUND_ALLOW = []  # type: ignore[attr-defined]
    with pytest.raises(ReadError, match="may not be called"):
        fetch(server)
    assert len(server.calls) == 1


def test_a_tag_that_could_not_be_sent_back_is_not_kept(server: Peer) -> None:
    server.answers["/feed"] = Answer(RSS.encode(), headers={"ETag": '"\xe6"', "Last-Modified": "x"})
    cursor = fetch(server).cursor
    assert (cursor["etag"], cursor["modified"]) == ("", "x")


ALERTS = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:idx="urn:atom-extension:indexing">
 <id>tag:google.com,2005:reader/user/1/state/com.google/alerts/2</id>
 <title>Google Alert - fjordkaffe</title>
 <entry>
  <id>tag:google.com,2013:googlealerts/feed:7</id>
  <title type="html">&lt;b&gt;Fjordkaffe&lt;/b&gt; recalls a batch &amp;amp; says sorry</title>
  <link href="https://www.google.com/url?rct=j&amp;sa=t&amp;url=WHERE&amp;ct=ga&amp;cd=X"/>
  <published>2026-11-20T10:00:00Z</published><updated>2026-11-20T10:00:00Z</updated>
  <content type="html">Plastic in the &lt;b&gt;coffee&lt;/b&gt; ...</content>
  <author><name></name></author>
 </entry>
</feed>""".replace("WHERE", "https://www.news.example/a%3Fid%3D1")


def test_google_alerts_lead_to_the_pages_themselves(server: Peer) -> None:
    feed(server, ALERTS, "application/atom+xml")
    [post] = fetch(server).posts
    assert post.url == "https://www.news.example/a?id=1"
    assert post.title == "Fjordkaffe recalls a batch & says sorry"
    assert post.text == "Plastic in the coffee ..."
    assert post.author == "news.example"
    assert post.edited_at is None


@pytest.mark.parametrize(
    "link",
    [
        "https://www.google.com/url?sa=t&url=javascript:alert(1)",
        "https://www.google.com/url?sa=t",
        "https://evil.example/url?url=https://a.example",
        "https://www.google.com.evil.example/url?url=https://a.example",
        "https://www.google.com/search?q=https://a.example",
    ],
)
def test_only_googles_own_links_to_pages_are_unwrapped(link: str) -> None:
    assert unwrapped(link) == link


def test_an_entry_that_was_updated_is_an_edit(server: Peer) -> None:
    later = ALERTS.replace("<updated>2026-11-20T10", "<updated>2026-11-21T10")
    feed(server, later, "application/atom+xml")
    [post] = fetch(server).posts
    assert post.edited_at == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
