"""The demo's brands and the people who look after them. All of it is invented."""

from dataclasses import dataclass

from accounts.enums import Role
from accounts.models import User

# One password for all of them: the demo says so, and `manage.py check --deploy` warns of it.
PASSWORD = "ladcykel-2026"  # noqa: S105 - printed on every start of the demo


@dataclass(frozen=True)
class DemoBrand:
    """A brand, how much is said about it in an hour, and its accounts as (name, network)."""

    slug: str
    name: str
    description: str
    per_hour: float
    accounts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DemoPerson:
    email: str
    name: str
    title: str
    language: str
    role: Role


BRANDS = (
    DemoBrand(
        "solvmaage",
        "Sølvmåge",
        "Cargo bikes for families",
        26,
        (("@sølvmåge on X", "x"), ("Sølvmåge on Facebook", "facebook")),
    ),
    DemoBrand("tidevand", "Tidevand", "City bikes by the hour", 12, (("@tidevand on X", "x"),)),
    DemoBrand(
        "blikstille", "Blikstille", "Helmets", 6, (("Blikstille on Instagram", "instagram"),)
    ),
)

LEAD = DemoPerson(
    "liv@solvmaage.example", "Liv Tranholm", "Head of Communications", "en", Role.ADMINISTRATOR
)
DUTY = DemoPerson("anton@solvmaage.example", "Anton Ry", "Social media", "en", Role.RESPONDER)
LEGAL = DemoPerson("yasmin@solvmaage.example", "Yasmin Kaya", "Legal", "en", Role.APPROVER)
CARE = DemoPerson(
    "noor@solvmaage.example", "Noor Vestergaard", "Kundeservice", "da", Role.RESPONDER
)
CHIEF = DemoPerson("peter@solvmaage.example", "Peter Engsig", "Direktør", "da", Role.OBSERVER)
NEW = DemoPerson("emil@solvmaage.example", "Emil Sand", "Elev", "da", Role.TRAINEE)
PEOPLE = (LEAD, DUTY, LEGAL, CARE, CHIEF, NEW)


def is_loaded() -> bool:
    """Whether this database is the demo's."""
    return User.objects.filter(email=LEAD.email).exists()


def how_to_sign_in() -> list[str]:
    """Return the lines that a visitor of the demo needs."""
    return [
        f"The password of everyone in the demo is {PASSWORD}. Sign in as",
        *(f"  {person.email:28} {person.name}, {person.role.label}" for person in PEOPLE),
        "`manage.py demo --again` plays the crisis once more.",
    ]
