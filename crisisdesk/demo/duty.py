"""Who is on duty in the demo: two take turns by weeks, a second line stands behind them by day."""

from datetime import datetime, time, timedelta

from accounts.models import Brand, User
from incidents import rotation
from incidents.enums_rota import OnHolidays, TurnUnit
from incidents.rotation import Hours, Line, Plan
from incidents.services import hand_over, rotas

from .people import CARE, DUTY, LEAD

HAND_OVER = timedelta(hours=8)


def plan_duty(brand: Brand, people: dict[str, User], *, now: datetime) -> None:
    """Make the brand's rota, in which the running week is the social media editor's."""
    lead, duty, care = (people[person.email] for person in (LEAD, DUTY, CARE))
    here = rotation.local(now, brand.time_zone) - HAND_OVER
    monday = datetime.combine(here.date() - timedelta(days=here.weekday()), time()) + HAND_OVER
    first = Line(0, "First line", (duty.pk, care.pk), 1, TurnUnit.WEEK, monday)
    second = Line(
        0,
        "Second line",
        (lead.pk,),
        1,
        TurnUnit.WEEK,
        monday,
        hours=(Hours(frozenset(range(5)), 480, 1320),),
        holidays=OnHolidays.OFF,
    )
    plan = Plan(brand.time_zone, (first, second), fallback=lead.pk, calendar="DK")
    rota = rotas.save_rota(brand, name="Around the clock", plan=plan, by=lead, now=now)
    note = "Quiet since Friday. The bike shops open at 10; their number is in the plan."
    hand_over.write_hand_over(rota.pk, text=note, by=care, now=now)
