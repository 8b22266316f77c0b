"""Published crisis plans for tests."""

from typing import Any

from accounts.models import Brand
from incidents import plan_shape, ready
from incidents.enums import PlanKind, PlanState
from incidents.models_plan import CrisisPlan, PlanVersion

from .incidents import NOON

TASKS = [
    {"key": "always", "title": "Find the first post", "role": "SCRIBE", "due": 900, "from": 4},
    {"key": "grave", "title": "Call the partners", "role": "SPONSOR", "due": 3600, "from": 2},
    {"key": "data", "title": "Notify the authority", "role": "LEGAL", "due": 86400, "from": 4,
     "personal_data": True},
    {"key": "last", "title": "Sum it up", "role": "", "due": None, "from": 4},
]  # fmt: skip


def content(**changed: Any) -> dict[str, Any]:
    """The ready plan against a backlash with four small tasks, as `plan_shape` checks it."""
    made = ready.plan(PlanKind.VIRAL_BACKLASH, "en").content
    return plan_shape.checked(made | {"tasks": TASKS} | changed)


def published(
    brand: Brand, kind: PlanKind = PlanKind.VIRAL_BACKLASH, **changed: Any
) -> PlanVersion:
    """A brand's plan with its first version published at NOON."""
    plan = CrisisPlan.objects.create(
        brand=brand, kind=kind, name="Backlash", language="en", created_at=NOON, reviewed_at=NOON
    )
    return PlanVersion.objects.create(
        plan=plan, number=1, content=content(**changed), state=PlanState.PUBLISHED,
        edited_at=NOON, published_at=NOON,
    )  # fmt: skip
