"""What the demo's company has prepared: who is called next, plans, and a statement page."""

from datetime import datetime

from accounts.models import Brand, User
from incidents.enums import PlanKind, Target
from incidents.services import plans, save_policy
from incidents.services.plans import Wanted
from responses.services import statement


def prepare(brand: Brand, lead: User, *, now: datetime) -> None:
    """Give the brand an escalation policy that calls by its rota, and crisis plans."""
    _policy(brand, lead, now=now)
    _statement_page(brand, lead, now=now)
    for kind in PlanKind:
        if kind != PlanKind.OWN:
            plan = plans.create_plan(brand, Wanted(kind, lead.language), by=lead, now=now)
            plans.publish(plan.pk, by=lead, now=now)


def _statement_page(brand: Brand, lead: User, *, now: datetime) -> None:
    """A public page in both languages; nothing stands there before somebody publishes."""
    house = brand.slug.replace("-", "")
    wanted = statement.Wanted(
        ("da", "en"),
        f"kundeservice@{house}.example",
        f"presse@{house}.example",
        colour="#0b6e69",
    )
    statement.open_site(brand, wanted, by=lead, now=now)


def _policy(brand: Brand, lead: User, *, now: datetime) -> None:
    step = {"target": Target.ON_CALL, "user": None, "role": ""}
    named = {"target": Target.USER, "user": lead, "role": "", "wait": 300}
    save_policy(
        brand,
        name="Around the clock",
        rounds=3,
        is_default=True,
        # The second line works by day; at night the lead is called all the same.
        steps=[step | {"line": 1, "wait": 180}, step | {"line": 2, "wait": 180}, named],
        by=lead,
        now=now,
    )
