"""The rooms from the floor up, and where their files are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Rooms of the same number are neighbours and know nothing of each other.
FLOORS = {
    "core": 0,
    "accounts": 1,
    "connectors": 2,
    "notifications": 2,
    "monitoring": 3,
    "incidents": 4,
    "responses": 5,
    "marketing": 6,
    "reviews": 7,
    "training": 8,
    "drills": 9,
    "crisisdesk": 10,
}


def may_know(room: str, other: str) -> bool:
    """Whether `room` stands above `other`, or is it."""
    return room == other or FLOORS[room] > FLOORS[other]


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def modules(room: str) -> list[Path]:
    return sorted(path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)
