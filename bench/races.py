"""Editing, approving and publishing at once: how many words go out that nobody approved."""

from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.models import ConnectedAccount, SimulatedPost
from incidents.enums import Origin, Severity
from incidents.services import open_incident

from .figures import Measured, figure

RACES = 1_500
# The control goes wrong often enough to be counted in fewer.
NAIVE = 100


@figure(
    "unapproved texts published of 1,500 races (limit: look, then send)",
    unit="texts",
    # A single one would be more than this.
    must="<= 0.0001",
    issue=5,
)
def unapproved_texts() -> Measured:
    """Ours against a publisher that looks whether it is approved and then sends what is latest."""
    from tests.responses.racing import Racing, unapproved

    now = timezone.now()
    brand = Brand.objects.create(name="Races", slug="races")
    author, approver = (
        User.objects.create_user(f"races-{n}@bench.example", name=f"Racer {n}") for n in range(2)
    )
    for person in (author, approver):
        Membership.objects.create(user=person, brand=brand, role=Role.LEAD)
    incident = open_incident(
        brand, title="Races", crisis_type="none", severity=Severity.SEV4, severity_reasons=[],
        origin=Origin.PERSON, began_at=now, now=now,
    )  # fmt: skip
    account = ConnectedAccount.objects.create(
        brand=brand, network="simulator", name="races", config={"world": "races"}
    )
    racing = Racing(incident, account, author=author, approver=approver)
    for _ in range(RACES):
        racing.run()
    ours = len(unapproved())
    if not SimulatedPost.objects.filter(world="races").exists():
        raise AssertionError("Nothing went out: there was no race.")
    for _ in range(NAIVE):
        racing.run_naively()
    naive = (len(unapproved()) - ours) * RACES / NAIVE
    return Measured(ours, naive)
