"""The peers themselves run, and are what they say."""

from .servers import atproto


def test_bluesky_runs_and_its_search_finds_a_post(bluesky_network: atproto.Network) -> None:
    ann = bluesky_network.person("ann")
    written = ann.post("The first post of this network")
    bluesky_network.settle()
    found = ann.call("app.bsky.feed.searchPosts", q="first post")
    assert [post["uri"] for post in found["posts"]] == [written["uri"]]
