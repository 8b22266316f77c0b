"""Sessions: read by a query of our own, with the same answers as Django's."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


def kept() -> str:
    session = db.SessionStore()
    session["who"] = "alice"
    session.save()
    return str(session.session_key)


def test_it_reads_what_django_wrote() -> None:
    assert SessionStore(kept())["who"] == "alice"


def test_an_expired_session_is_empty_and_its_key_is_not_used_again() -> None:
    key = kept()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    session = SessionStore(key)
    assert session.get("who") is None
    assert session.session_key is None


def test_a_key_that_somebody_made_up_is_not_taken_for_a_new_session() -> None:
    session = SessionStore("x" * 32)
    session["who"] = "mallory"
    session.save()
    assert session.session_key != "x" * 32
