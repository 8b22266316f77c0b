"""What the operator is told before anything runs."""

from django.core.checks import run_checks
from pytest_django.fixtures import Settings


def ids() -> set[str]:
    return {message.id for message in run_checks() if message.id}


def test_a_credential_key_of_the_wrong_form_is_named(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = ["x" * 43 + "=", "short"]
    found = [message for message in run_checks() if message.id == "accounts.E002"]
    assert [message.msg for message in found] == ["Key 2 of CREDENTIAL_KEYS cannot be used."]


def test_answering_to_every_name_is_a_warning_on_https(settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE = ["*"], True
    assert "accounts.W001" in ids()
    settings.ALLOWED_HOSTS = ["desk.example.org"]
    assert "accounts.W001" not in ids()


def test_a_missing_mail_server_is_mentioned(settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    assert "notifications.I001" in ids()
    settings.EMAIL_HOST = "mail.example.org"
    assert "notifications.I001" not in ids()
