"""Settings that start but should not stay."""

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings


@pytest.mark.parametrize(
    ("host", "secure", "warned"),
    [
        ("127.0.0.1", False, False),
        ("localhost", False, False),
        ("::1", False, False),
        ("0.0.0.0", False, True),
        ("desk.example.org", False, True),
        ("0.0.0.0", True, False),
    ],
)
def test_listening_beyond_this_machine_without_tls_is_a_warning(
    settings: Settings, host: str, secure: bool, warned: bool
) -> None:
    settings.HOST, settings.SECURE = host, secure
    assert ("core.W001" in {message.id for message in run_checks()}) is warned
