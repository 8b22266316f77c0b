"""Invented data for the kit page. Reached only with DEBUG."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sin
from typing import Any


@dataclass(frozen=True)
class Person:
    pk: int
    name: str
    initials: str

    def __str__(self) -> str:
        return self.name


def context(now: datetime) -> dict[str, Any]:
    usual = [20 + 8 * sin(step / 15) for step in range(96)]
    rise = {92: 40.0, 93: 90.0, 94: 150.0, 95: 190.0}
    return {
        "now": now,
        "people": [
            Person(1, "Mette Lindqvist", "ML"),
            Person(2, "Jonas Friis", "JF"),
            Person(3, "Amira Haddad", "AH"),
        ],
        "actual": [value + rise.get(step, sin(step)) for step, value in enumerate(usual)],
        "low": [value * 0.62 for value in usual],
        "high": [value * 1.42 for value in usual],
        "start": now - timedelta(hours=1),
        "due": [
            (now + timedelta(minutes=42), now - timedelta(minutes=18)),
            (now + timedelta(minutes=12), now - timedelta(minutes=48)),
            (now + timedelta(minutes=4), now - timedelta(minutes=56)),
            (now - timedelta(seconds=151), now - timedelta(minutes=62)),
        ],
    }
