"""How other people's clients understand a stand-in: run by the environment that has them.

`python clients_judge.py NETWORK URL` prints what the client read there, as JSON: [[id, text], …].
For Google's networks it also checks, by Google's own description of the API, the calls that it is
given on stdin as [[method, path, [parameter, …]], …], and prints what does not exist there.
"""

import json
import re
import sys

network, server = sys.argv[1:]


def reddit() -> list:
    import praw

    client = praw.Reddit(
        client_id="app", client_secret="shh-secret", refresh_token="first-refresh",
        user_agent="web:crisisdesk:v1 (by /u/fjordkaffe)", check_for_updates=False,
        reddit_url=server, oauth_url=server,
    )  # fmt: skip
    return [[c.fullname, c.body] for c in client.subreddit("Denmark").comments(limit=200)]


def google(name: str, version: str) -> object:
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build

    return build(
        name, version, static_discovery=True, credentials=Credentials("good"),
        client_options={"api_endpoint": server},
    )  # fmt: skip


def youtube() -> list:
    threads = google("youtube", "v3").commentThreads()
    asked = threads.list(
        part="snippet", allThreadsRelatedToChannelId="UCfjord", order="time", maxResults=100
    )
    found = []
    while asked is not None:
        answer = asked.execute()
        tops = [item["snippet"]["topLevelComment"] for item in answer["items"]]
        found += [[top["id"], top["snippet"]["textOriginal"]] for top in tops]
        asked = threads.list_next(asked, answer)
    return found


def googleplay() -> list:
    reviews = google("androidpublisher", "v3").reviews()
    package, token, found = "dk.fjordkaffe.app", None, []
    while True:
        answer = reviews.list(packageName=package, maxResults=100, token=token).execute()
        found += [
            [review["reviewId"], review["comments"][0]["userComment"]["text"]]
            for review in answer["reviews"]
        ]
        token = answer.get("tokenPagination", {}).get("nextPageToken")
        if not token:
            return found


def x() -> list:
    from xdk import Client

    client = Client(bearer_token="good", base_url=server)
    pages = client.posts.search_recent(
        query="fjordkaffe", max_results=100, post_fields=["created_at"],
        start_time="2026-11-17T00:00:00Z",
    )  # fmt: skip
    return [[_of(post, "id"), _of(post, "text")] for page in pages for post in page.data or []]


def _of(post: object, name: str) -> str:
    return post[name] if isinstance(post, dict) else getattr(post, name)


def unknown(name: str, version: str, calls: list) -> list:
    """Return the calls, or their parameters, that Google's description of its API does not have."""
    from googleapiclient.discovery_cache import get_static_doc

    described = json.loads(get_static_doc(name, version))
    methods = list(_methods(described))
    common = {*described["parameters"], "part"}
    wrong = []
    for method, path, parameters in calls:
        fits = [m for m in methods if m["httpMethod"] == method and _matches(m, path)]
        known = common.union(*(m.get("parameters", {}) for m in fits))
        if not fits or set(parameters) - known:
            wrong.append([method, path, sorted(set(parameters) - known)])
    return wrong


def _methods(described: dict) -> object:
    for resource in described.get("resources", {}).values():
        yield from resource.get("methods", {}).values()
        yield from _methods(resource)


def _matches(method: dict, path: str) -> bool:
    template = re.sub(r"\{\+?[^}]+\}", "[^/:]+", method.get("flatPath") or method["path"])
    return re.fullmatch("/?" + template, path) is not None


# Google's description of each API: its name, its version, and what our calls begin with.
DESCRIBED = {"youtube": ("youtube", "v3"), "googleplay": ("androidpublisher", "v3")}
calls = json.loads(sys.stdin.read() or "[]")
wrong = unknown(*DESCRIBED[network], calls) if network in DESCRIBED else []
print(json.dumps({"read": globals()[network](), "unknown": wrong}))
