"""Trustpilot and the App Store."""

import base64
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.connectors.worlds import Answer, Asked, Item, World, filled, recorded, reply

UNIT = "bu1"
APP = "123"


@dataclass
class Trustpilot(World):
    network: str = "trustpilot"
    page: int = 100
    config: dict[str, Any] = field(
        default_factory=lambda: {"business_unit": UNIT, "business_user": "user1"}
    )
    secrets: dict[str, Any] = field(
        default_factory=lambda: {
            "api_key": "key-of-app",
            "api_secret": "secret-of-app",
            "hook_key": "long word",
        }
    )
    replies: dict[str, str] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Any:
        if asked.path.endswith("/accesstoken"):
            told = base64.b64decode(asked.headers["authorization"].removeprefix("Basic "))
            good = told == b"key-of-app:secret-of-app" and self.token == "good"
            body = {"access_token": "good", "expires_in": "359999", "token_type": "BearerToken"}
            return reply(body if good else {"reason": "Invalid"}, 200 if good else 401)
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return reply({"details": "Unauthorized"}, 401)
        assert asked.headers["apikey"] == "key-of-app"
        if asked.path == f"/v1/business-units/{UNIT}":
            return {"id": UNIT, "displayName": "Fjordkaffe"}
        if asked.path == f"/v1/private/business-units/{UNIT}/reviews":
            return self._listed(asked)
        return self._review_of(asked, asked.path.split("/")[4])

    def _listed(self, asked: Asked) -> Any:
        size, page = int(asked.query["perPage"]), int(asked.query["page"])
        found = self.newest_first()[(page - 1) * size : page * size]
        return {"reviews": [self._review(item) for item in found], "links": []}

    def _review_of(self, asked: Asked, review: str) -> Any:
        found = [item for item in self.items if item.id == review]
        if not found:
            return reply({"message": "Review not found"}, 404)
        if asked.method == "POST":
            assert asked.document["authorBusinessUserId"] == "user1"
            self.replies[review] = asked.document["message"]
            return Answer(b"", 201)
        if asked.method == "DELETE":
            gone = self.replies.pop(review, None) is None
            return reply({"message": "No reply"}, 404) if gone else Answer(b"", 204)
        return self._review(found[0])

    def _review(self, item: Item) -> Any:
        said = self.replies.get(item.id)
        return filled(
            recorded("trustpilot", "review"),
            id=item.id,
            text=item.text,
            title="",
            stars=item.stars,
            createdAt=item.at.isoformat(),
            updatedAt=item.edited.isoformat() if item.edited else None,
            companyReply={"text": said} if said else None,
        )


@lru_cache(maxsize=1)
def private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem() -> str:
    return (
        private_key()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@dataclass
class AppStore(World):
    network: str = "appstore"
    config: dict[str, Any] = field(default_factory=lambda: {"issuer": "iss1", "key_id": "K1"})
    secrets: dict[str, Any] = field(default_factory=lambda: {"private_key": pem()})
    wanted: dict[str, Any] = field(default_factory=lambda: {"app": APP})
    replies: dict[str, tuple[str, str]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Any:
        if not self._signed(asked.headers.get("authorization", "")):
            return reply({"errors": [{"status": "401", "detail": "Provide a valid token"}]}, 401)
        where = asked.path.split("/")[2:]
        if where == ["apps", APP]:
            return {"data": {"attributes": {"name": "Fjordkaffe"}, "id": APP, "type": "apps"}}
        if where == ["apps", APP, "customerReviews"]:
            return self._listed(asked)
        if where[0] == "customerReviewResponses":
            return self._respond(asked, where)
        if where[-1] == "response":
            found = [i for i, (review, _text) in self.replies.items() if review == where[1]]
            return self._response(found[0]) if found else self._missing()
        found = [item for item in self.items if item.id == where[1]]
        return {"data": self._review(found[0])} if found else self._missing()

    def _signed(self, header: str) -> bool:
        """Check the token as Apple would: by the public key, for this audience, not too long."""
        head, claims, signature = header.removeprefix("Bearer ").split(".")
        raw = decoded(signature)
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        try:
            private_key().public_key().verify(
                utils.encode_dss_signature(r, s),
                f"{head}.{claims}".encode(),
                ec.ECDSA(hashes.SHA256()),
            )
        except InvalidSignature:
            return False
        told = json.loads(decoded(claims))
        assert json.loads(decoded(head)) == {"alg": "ES256", "typ": "JWT", "kid": "K1"}
        assert told["exp"] - told["iat"] <= 20 * 60
        return told["aud"] == "appstoreconnect-v1" and self.token == "good"

    def _listed(self, asked: Asked) -> Any:
        assert asked.query["sort"] == "-createdDate"
        size = min(int(asked.query["limit"]), self.page)
        page, after = self.paged(self.newest_first(), asked.query.get("cursor", ""), size)
        links = {"self": "https://api.appstoreconnect.apple.com/s"}
        if after:
            links["next"] = f"https://elsewhere.example/v1/apps/1/customerReviews?cursor={after}"
        body = {"data": [self._review(item) for item in page], "links": links}
        return reply(body, X_Rate_Limit="user-hour-lim:3500;user-hour-rem:500;")

    def _review(self, item: Item) -> Any:
        made = filled(recorded("appstore", "review"), id=item.id)
        made["attributes"] |= {
            "body": item.text,
            "title": "",
            "rating": item.stars,
            "createdDate": item.at.isoformat(),
        }
        return made

    def _respond(self, asked: Asked, where: list[str]) -> Any:
        if asked.method == "POST":
            data = asked.document["data"]
            review = data["relationships"]["review"]["data"]["id"]
            made = f"resp{len(self.replies)}"
            self.replies[made] = (review, data["attributes"]["responseBody"])
            return reply(self._response(made), 201)
        if where[1] not in self.replies:
            return self._missing()
        if asked.method == "DELETE":
            del self.replies[where[1]]
            return Answer(b"", 204)
        return self._response(where[1])

    def _response(self, response: str) -> Any:
        attributes = {"responseBody": self.replies[response][1], "state": "PUBLISHED"}
        kind = "customerReviewResponses"
        return {"data": {"id": response, "type": kind, "attributes": attributes}}

    def _missing(self) -> Answer:
        return reply(recorded("appstore", "error"), 404)
