"""In which order a person is told, by urgency and hour. Pure."""

from datetime import UTC, datetime, time, timedelta

import pytest

from notifications.order import Listener, Place, ways, within

# A Monday noon in winter: 13:00 in Copenhagen.
NOON = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 1, 12, 23, 30, tzinfo=UTC)
PHONE, LAPTOP = Place(1, "push", "push:a"), Place(2, "push", "push:b")
SMS, VOICE, CHAT = Place(3, "sms", "sms"), Place(4, "voice", "voice"), Place(5, "chat", "slack")
ALL = (PHONE, LAPTOP, SMS, VOICE, CHAT)
Told = list[tuple[str, int | None, int]]


def someone(**facts: object) -> Listener:
    return Listener(7, "Europe/Copenhagen", **facts)  # type: ignore[arg-type]


def told(
    listener: Listener, urgency: str = "PAGE", *, loud: bool = False, at: datetime = NOON
) -> Told:
    found = ways(listener, urgency, loud=loud, now=at)
    assert [way.step for way in found] == list(range(len(found)))
    return [(way.means, way.address, int((way.at - at).total_seconds())) for way in found]


def test_without_a_word_pages_go_to_devices_mail_and_chat_then_by_text_and_call() -> None:
    assert told(someone(places=ALL)) == [
        ("push", 1, 0),
        ("push", 2, 0),
        ("email", None, 0),
        ("chat", 5, 0),
        ("sms", 3, 120),
        ("voice", 4, 300),
    ]
    assert told(someone()) == [("email", None, 0)]
    assert told(someone(places=ALL), "NEWS") == []


def test_a_rule_says_what_comes_when_and_another_holds_at_night() -> None:
    by_day = {
        "starts": None,
        "ends": None,
        "steps": [
            {"way": "push", "after": 0},
            {"way": "address", "address": 3, "after": 120},
            {"way": "address", "address": 4, "after": 300},
        ],
    }
    at_night = {
        "starts": "22:00:00",
        "ends": "07:00:00",
        "steps": [{"way": "address", "address": 4, "after": 0}],
    }
    listener = someone(places=ALL, rules=[at_night, by_day])
    assert told(listener) == [("push", 1, 0), ("push", 2, 0), ("sms", 3, 120), ("voice", 4, 300)]
    # 23:30 in London is half past midnight in Copenhagen.
    assert told(listener, at=NIGHT) == [("voice", 4, 0)]


def test_a_rule_whose_addresses_are_gone_leaves_nobody_without_a_page() -> None:
    rule = {"starts": None, "ends": None, "steps": [{"way": "address", "address": 99, "after": 0}]}
    assert told(someone(rules=[rule])) == [("email", None, 0)]
    assert told(someone(rules=[rule]), "NEWS") == []


def test_an_address_named_twice_is_used_once_and_early() -> None:
    steps = [{"way": "push", "after": 60}, {"way": "address", "address": 1, "after": 0}]
    rule = {"starts": None, "ends": None, "steps": steps}
    assert told(someone(places=[PHONE, LAPTOP], rules=[rule])) == [("push", 1, 0), ("push", 2, 60)]


NEWS = [{"starts": None, "ends": None, "steps": [{"way": "email", "after": 0}]}]


def test_quiet_hours_put_off_news_and_never_a_page_to_who_is_on_duty() -> None:
    quiet = (time(22), time(7))
    listener = someone(places=ALL, rules=NEWS, quiet=quiet)
    until_seven = int(timedelta(hours=6, minutes=30).total_seconds())
    assert told(listener, "NEWS", at=NIGHT) == [("email", None, until_seven)]
    assert told(listener, "NEWS") == [("email", None, 0)]
    on_duty = someone(places=[VOICE], quiet=quiet, holds_pages=True, on_duty=True)
    assert told(on_duty, at=NIGHT) == [("email", None, 0), ("voice", 4, 300)]


def test_pages_wait_only_for_who_is_off_duty_and_asked_for_it_and_not_if_loud() -> None:
    quiet = (time(22), time(7))
    off = someone(places=[PHONE], quiet=quiet, holds_pages=True, on_duty=False)
    until_seven = int(timedelta(hours=6, minutes=30).total_seconds())
    assert told(off, at=NIGHT) == [("email", None, 0), ("push", 1, until_seven)]
    assert told(off, at=NIGHT, loud=True) == [("push", 1, 0), ("email", None, 0)]
    asked_for_nothing = someone(places=[PHONE], quiet=quiet, on_duty=False)
    assert told(asked_for_nothing, at=NIGHT) == [("push", 1, 0), ("email", None, 0)]


def test_news_waits_for_its_bundle() -> None:
    listener = someone(rules=NEWS, news_at=NOON + timedelta(minutes=4))
    assert told(listener, "NEWS") == [("email", None, 240)]
    past = someone(rules=NEWS, news_at=NOON - timedelta(minutes=4))
    assert told(past, "NEWS") == [("email", None, 0)]


@pytest.mark.parametrize(
    ("moment", "starts", "ends", "inside"),
    [
        (time(23), time(22), time(7), True),
        (time(7), time(22), time(7), False),
        (time(6, 59), time(22), time(7), True),
        (time(12), time(9), time(17), True),
        (time(17), time(9), time(17), False),
        (time(3), time(8), time(8), True),
    ],
)
def test_hours_may_go_past_midnight(moment: time, starts: time, ends: time, inside: bool) -> None:
    assert within(moment, starts, ends) is inside


def test_quiet_hours_end_at_seven_by_the_clock_also_when_it_is_changed() -> None:
    """The night to 29 March 2026 has an hour less in Copenhagen."""
    eve = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    listener = someone(rules=NEWS, quiet=(time(22), time(7)))
    (way,) = ways(listener, "NEWS", loud=False, now=eve)
    assert way.at == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
