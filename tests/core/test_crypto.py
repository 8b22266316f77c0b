"""Secrets at rest."""

import base64
import os

import pytest
from pytest_django.fixtures import Settings

from core.crypto import Unsealable, seal, unseal
from core.env import BadSetting

CANARY = b"canary-secret-4711"


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def test_what_was_sealed_opens_in_its_own_place(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [new_key()]
    sealed = seal(CANARY, context="account:7")
    assert CANARY not in sealed
    assert unseal(memoryview(sealed), context="account:7") == CANARY  # type: ignore[arg-type]


def test_the_same_secret_is_sealed_differently_each_time(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = []
    assert seal(CANARY, context="x") != seal(CANARY, context="x")


def test_a_value_moved_to_another_row_does_not_open() -> None:
    sealed = seal(CANARY, context="account:7")
    with pytest.raises(Unsealable):
        unseal(sealed, context="account:8")


@pytest.mark.parametrize("position", [0, 1, 5, 17, -1])
def test_a_changed_value_does_not_open(position: int) -> None:
    sealed = bytearray(seal(CANARY, context="x"))
    sealed[position] ^= 1
    with pytest.raises(Unsealable):
        unseal(bytes(sealed), context="x")


def test_a_short_value_does_not_open() -> None:
    with pytest.raises(Unsealable):
        unseal(b"\x01short", context="x")


def test_keys_rotate(settings: Settings) -> None:
    old, new = new_key(), new_key()
    settings.CREDENTIAL_KEYS = [old]
    sealed = seal(CANARY, context="x")

    settings.CREDENTIAL_KEYS = [new, old]
    assert unseal(sealed, context="x") == CANARY
    resealed = seal(CANARY, context="x")

    settings.CREDENTIAL_KEYS = [new]
    assert unseal(resealed, context="x") == CANARY
    with pytest.raises(Unsealable, match="no longer"):
        unseal(sealed, context="x")


def test_without_keys_the_secret_key_seals(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = []
    settings.SECRET_KEY = "one"
    sealed = seal(CANARY, context="x")
    assert unseal(sealed, context="x") == CANARY
    settings.SECRET_KEY = "two"
    with pytest.raises(Unsealable):
        unseal(sealed, context="x")


def test_a_key_of_the_wrong_form_is_refused_loudly(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = ["too short"]
    with pytest.raises(BadSetting, match="32 bytes"):
        seal(CANARY, context="x")
