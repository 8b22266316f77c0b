"""Another client's view of an account: run by the environment that has Mastodon.py.

`python mastodon_judge.py URL TOKEN` prints the account's own posts as JSON, the newest first.
"""

import json
import sys

from mastodon import Mastodon

server, token = sys.argv[1:]
client = Mastodon(api_base_url=server, access_token=token, ratelimit_method="throw")
seen = [
    {
        "id": str(status.id),
        "text": client.status_source(status.id).text,
        "visibility": status.visibility,
        "language": status.language,
        "in_reply_to": str(status.in_reply_to_id or ""),
    }
    for status in client.account_statuses(client.me().id, limit=40)
]
print(json.dumps(seen))
