"""The API's common ground, tried through its real address."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError as FieldError
from django.http import Http404
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from pytest_django.fixtures import Settings
from rest_framework import exceptions

from accounts.models import Brand, User
from accounts.services import issue_token
from core.api.errors import problem
from core.api.strict import BadJson, loads
from core.errors import Conflict, Forbidden, Refused

HOSTILE = {
    "deep lists": b"[" * 5000 + b"]" * 5000,
    "deep objects": b'{"a":' * 65 + b"1" + b"}" * 65,
    "not a number": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "infinity in disguise": b'{"a": 1e999}',
    "a huge integer": b'{"a": 1234567890123456789}',
    "endless digits": b'{"a": ' + b"9" * 100_000 + b"}",
    "NUL": b'{"a": "x\\u0000"}',
    "NUL in a key": b'{"x\\u0000": 1}',
    "half a pair": b'{"a": ["\\ud800"]}',
    "the other half": b'{"a": "\\uDC00x"}',
    "halves in the wrong order": b'{"a": "\\udc00\\ud800"}',
    "not UTF-8": b'{"a": "\xff"}',
    "encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a raw control character": b'{"a": "\x01"}',
    "cut off": b'{"a": [1, 2',
    "an endless string": b'{"a": "' + b'\\"' * 200_000,
    "nothing": b" ",
}
HARMLESS = {
    "an emoji as a pair": (b'{"a": "\\ud83c\\udf4f"}', {"a": "🍏"}),
    "brackets in a string": (json.dumps({"a": "[{" * 500}).encode(), {"a": "[{" * 500}),
    "escaped quotes": (b'{"a": "\\"[\\\\"}', {"a": '"[\\'}),
    "64 deep": (b"[" * 64 + b"]" * 64, json.loads("[" * 64 + "]" * 64)),
    "many side by side": (b"[" + b"{}," * 999 + b"{}]", [{}] * 1000),
    "18 digits": (b"[123456789012345678, -1.5]", [123456789012345678, -1.5]),
    "a byte order mark": (b"\xef\xbb\xbf[1]", [1]),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(10)
def test_hostile_json_is_refused_with_words(body: bytes) -> None:
    with pytest.raises(BadJson, match=r"\w+ \w+"):
        loads(body)


@pytest.mark.parametrize(("body", "value"), HARMLESS.values(), ids=HARMLESS)
def test_harmless_json_is_read(body: bytes, value: object) -> None:
    assert loads(body) == value


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_json_is_a_400_at_a_real_address(api: Client, body: bytes) -> None:
    response = api.post("/api/v1/incidents/", body, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["title"] == "Bad Request"


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "", "x"])
def test_a_body_that_is_not_json_is_refused(api: Client, media: str) -> None:
    response = api.post("/api/v1/incidents/", b"title=x", content_type=media)
    assert response.status_code == 415


def test_the_words_say_where_the_unstorable_string_is() -> None:
    with pytest.raises(BadJson, match=r"mentions\.1\.text"):
        loads(b'{"mentions": [{"text": "fine"}, {"text": "x\\u0000"}]}')


@pytest.fixture
def token(alice: User) -> str:
    return issue_token(alice, name="tests")[1]


@pytest.fixture
def api(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    ("exception", "status", "kind"),
    [
        (Refused("No: too late."), 422, "urn:crisisdesk:refused"),
        (Conflict("No: too late."), 409, "urn:crisisdesk:conflict"),
        (Forbidden("No: too late."), 403, "urn:crisisdesk:forbidden"),
        (exceptions.MethodNotAllowed("PUT", "No: too late."), 405, "about:blank"),
        (exceptions.ParseError("No: too late."), 400, "about:blank"),
    ],
)
def test_each_refusal_has_its_status_and_keeps_its_words(
    exception: Exception, status: int, kind: str
) -> None:
    response = problem(exception, {})
    assert response is not None
    assert response.status_code == status
    assert response.data["status"] == status
    assert response.data["type"] == kind
    assert response.data["detail"] == "No: too late."


@pytest.mark.parametrize("missing", [Http404("secret"), Brand.DoesNotExist("secret")])
def test_what_is_missing_and_what_is_invisible_answer_alike(missing: Exception) -> None:
    response = problem(missing, {})
    assert response is not None
    assert response.status_code == 404
    assert "secret" not in str(response.data)


def test_messages_stand_at_their_fields() -> None:
    detail: Any = {
        "name": ["Too long."],
        "mentions": [{}, {"text": ["Empty."]}],
        "non_field_errors": ["Ends before it begins."],
    }
    response = problem(exceptions.ValidationError(detail), {})
    assert response is not None
    assert response.data["errors"] == {
        "name": ["Too long."],
        "mentions.1.text": ["Empty."],
        "": ["Ends before it begins."],
    }


def test_a_models_own_validation_is_a_400() -> None:
    response = problem(FieldError({"name": ["Taken."]}), {})
    assert response is not None
    assert (response.status_code, response.data["errors"]) == (400, {"name": ["Taken."]})


def test_a_bug_stays_a_bug() -> None:
    assert problem(RuntimeError("a bug"), {}) is None


def test_without_a_token_the_answer_says_which_kind_is_wanted(client: Client, db: None) -> None:
    response = client.get("/api/v1/brands/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/problem+json"


def test_an_address_that_does_not_exist_answers_as_a_problem(api: Client) -> None:
    response = api.get("/api/v1/nothing/here/")
    assert (response.status_code, response.json()["title"]) == (404, "Not Found")


def test_a_body_over_the_limit_is_refused(api: Client, settings: Settings) -> None:
    from rest_framework.exceptions import APIException

    from core.api.parsers import StrictJSONParser

    class Body:
        def read(self, size: int) -> bytes:
            return b" " * size

    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    with pytest.raises(APIException, match="100 bytes") as refused:
        StrictJSONParser().parse(Body())  # type: ignore[arg-type]
    assert refused.value.status_code == 413


@pytest.mark.parametrize("address", ["/api/v1/brands/?page=%00", "/api/v1/%00/", "/?q=a%00b"])
def test_a_nul_in_the_address_is_a_400(api: Client, address: str) -> None:
    assert api.get(address).status_code == 400


def test_messages_come_in_the_callers_language(alice: User, signed_in: Callable) -> None:
    client = signed_in(alice)
    alice.language = "da"
    alice.save(update_fields=["language"])
    assert client.get("/api/v1/brands/0/")["Content-Language"] == "da"


def test_the_schema_is_valid_and_made_without_a_warning(db: None) -> None:
    GENERATOR_STATS.reset()
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    assert GENERATOR_STATS._warn_cache == {}
    assert GENERATOR_STATS._error_cache == {}
    assert "/api/v1/brands/" in schema["paths"]


def test_the_schema_is_served_to_tools(client: Client, db: None) -> None:
    response = client.get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    assert response.status_code == 200
    assert response.json()["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
