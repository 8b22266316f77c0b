import time

import pytest

from connectors.plain import MAX_MARKUP, text_of


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("just words & more", "just words & more"),
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("1 &lt; 2 &amp;amp; 3 &#8364;", "1 < 2 &amp; 3 €"),
        ("<b>bold</b> and\n  <i>soft</i>", "bold and soft"),
        ("<p>a</p><script>steal()</script><style>p{}</style><p>b</p>", "a\n\nb"),
        ('<img src="http://169.254.169.254/x" onerror=go()>seen', "seen"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
        ("<!-- hidden --><div>shown</div>", "shown"),
        ("<unknown>kept</unknown> 3 < 4", "kept 3 < 4"),
        ('<a href="jav&#x09;ascript:alert(1)">link</a>', "link"),
        # A link as Mastodon writes it: what it hides for the eye is the rest of the address.
        (
            '<a href="https://x.example/very/long"><span class="invisible">https://</span>'
            '<span class="ellipsis">x.example/very</span><span class="invisible">/long</span></a>',
            "https://x.example/very/long",
        ),
        (
            '<span class="h-card"><a href="https://m.example/@kaffe">@<span>kaffe</span></a></span>'
            " ja",
            "@kaffe ja",
        ),
    ],
)
def test_html_becomes_the_words_in_it(markup: str, text: str) -> None:
    assert text_of(markup) == text


@pytest.mark.parametrize(
    "hostile",
    ["<b>", "<p>", "<table>", "<font color=a>", "<script>", "</p", "&lt;", "<!--", "<![["],
)
def test_hostile_markup_costs_little(hostile: str) -> None:
    began = time.process_time()
    assert len(text_of(hostile * MAX_MARKUP)) <= MAX_MARKUP
    assert time.process_time() - began < 2
