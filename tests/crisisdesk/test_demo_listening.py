from datetime import UTC, datetime, timedelta

from accounts.enums import Role
from accounts.models import Membership, User
from crisisdesk.demo.load import load
from monitoring import trends
from monitoring.models import Mention, Query
from monitoring.queries.parsing import parse


def test_the_demo_has_trends_to_show(db: None) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    load(now=now)
    lead = User.objects.get(email="liv@solvmaage.example")
    [brand] = {query.brand for query in Query.objects.select_related("brand")}
    assert Membership.objects.get(user=lead, brand=brand).role == Role.ADMINISTRATOR
    assert all(parse(query.expression).tree for query in Query.objects.all())
    found = trends.trends(lead, brand, days=30, now=now)
    assert all(line.series.total > 50 for line in (*found.voices, *found.topics))
    about = set(Mention.objects.filter(brand_id=brand.pk).values_list("about", flat=True))
    assert about == {"brand", "competitor", "topic"}
    assert not Mention.objects.filter(text__contains="derude").exists()
