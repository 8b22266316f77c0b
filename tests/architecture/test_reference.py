"""The page of events, loops and audits says what the code says."""

from crisisdesk import reference


def test_the_page_is_what_the_code_says() -> None:
    written = reference.PAGE.read_text(encoding="utf-8")
    assert written == reference.page(), "Write it anew: python manage.py reference"


def test_every_event_loop_and_audit_says_what_it_is() -> None:
    reference.page()
    assert reference.undocumented() == []
