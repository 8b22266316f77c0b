"""What the stream finds, in which order, and that pages neither repeat nor lose a mention."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Brand, User
from monitoring import selectors
from monitoring.models import Mention, MentionCount, Step
from monitoring.models_signals import FarthestPost
from monitoring.selectors import Cursor, Filters
from monitoring.selectors.stream import PAGE
from tests.factories.accounts import BrandFactory, MembershipFactory
from tests.factories.monitoring import SourceFactory, mention

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


def walk(user: User, filters: Filters) -> list[int]:
    """All pages, one after the other."""
    found: list[int] = []
    cursor: Cursor | None = None
    while True:
        page = selectors.stream(user, filters, cursor)
        found += [post.id for post in page.posts]
        cursor = page.older
        if cursor is None:
            return found


@pytest.fixture
def many(brand: Brand, alice: User) -> list[Mention]:
    """More than two pages in two brands, many of them of the same moment."""
    second = BrandFactory.create()
    MembershipFactory.create(user=alice, brand=second)
    alice.__dict__.pop("roles", None)
    return [
        mention(
            second if number % 3 else brand,
            published_at=NOW - timedelta(seconds=number // 10),
            reach=number % 7,
        )
        for number in range(2 * PAGE + 20)
    ]


def test_the_pages_together_are_every_mention_once_newest_first(
    alice: User, many: list[Mention]
) -> None:
    expected = sorted(many, key=lambda each: (each.published_at, each.pk), reverse=True)
    assert walk(alice, Filters()) == [each.pk for each in expected]


def test_by_reach_too(alice: User, many: list[Mention]) -> None:
    expected = sorted(many, key=lambda each: (each.reach, each.pk), reverse=True)
    assert walk(alice, Filters(order="reach")) == [each.pk for each in expected]


def test_a_page_costs_one_query(
    alice: User, many: list[Mention], django_assert_num_queries
) -> None:
    assert alice.roles
    with django_assert_num_queries(1):
        selectors.stream(alice, Filters())


def test_newer_finds_what_came_after_in_the_order_of_the_stream(
    alice: User, many: list[Mention]
) -> None:
    page = selectors.stream(alice, Filters())
    fresh = selectors.newer(alice, Filters(), page.posts[4].id)
    assert [post.id for post in fresh] == [post.id for post in page.posts[:4]]


def test_a_stranger_sees_none_of_it_even_when_asking_for_the_brand(
    brand: Brand, charlie: User, other_brand: Brand
) -> None:
    secret = mention(brand)
    own = mention(other_brand)
    assert walk(charlie, Filters(brands=[brand.pk])) == []
    assert walk(charlie, Filters()) == [own.pk]
    with pytest.raises(Mention.DoesNotExist):
        selectors.get_mention(charlie, secret.pk)


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        (Filters(networks=["reddit"]), {"network": "reddit"}),
        (Filters(sentiments=["negative"]), {"sentiment": "negative"}),
        (Filters(sentiments=["positive"]), {"corrected_sentiment": "positive"}),
        (Filters(crisis_types=["data_breach"]), {"crisis_type": "data_breach"}),
        (Filters(languages=["da"]), {"lang": "da"}),
        (Filters(reach=5000), {"reach": 5000}),
        (Filters(words="PLASTIK grød"), {"text": "Der er plastik i min GRØD"}),
        (Filters(words="100%"), {"title": "Up 100% today"}),
        (Filters(words="a_b\\c"), {"text": "path a_b\\c here"}),
        (Filters(since=NOW - timedelta(hours=1)), {"published_at": NOW}),
    ],
)
def test_each_filter_finds_what_it_says(
    alice: User, brand: Brand, wanted: Filters, fields: dict
) -> None:
    found = mention(brand, **fields)
    mention(brand, published_at=NOW - timedelta(hours=2), text="1005 path aXbc")
    assert walk(alice, wanted) == [found.pk]


def test_a_corrected_mention_is_no_longer_what_the_machine_said(alice: User, brand: Brand) -> None:
    mention(brand, sentiment="negative", corrected_sentiment="neutral")
    assert walk(alice, Filters(sentiments=["negative"])) == []


def test_the_farthest_reaching_posts_of_a_brand_since_a_moment(brand: Brand) -> None:
    old = mention(brand, reach=9000, published_at=NOW - timedelta(days=1))
    far, near = (mention(brand, reach=reach, published_at=NOW) for reach in (800, 20))
    found = selectors.top_posts(
        brand.pk, since=NOW - timedelta(hours=1), until=NOW + timedelta(minutes=1), limit=5
    )
    assert [post.id for post in found] == [far.pk, near.pk]
    assert old.pk not in [post.id for post in found]


def test_of_a_storm_the_farthest_post_is_found_behind_many_newer_ones(brand: Brand) -> None:
    early = NOW - timedelta(minutes=30)
    far = mention(brand, reach=90_000, published_at=early)
    for number in range(4):
        mention(brand, reach=number, published_at=NOW - timedelta(minutes=number))
    FarthestPost.objects.create(
        brand=brand, starts_at=early, reach=far.reach, published_at=far.published_at,
        source_id=far.source_id, external_id=far.external_id,
    )  # fmt: skip
    window = {"since": NOW - timedelta(hours=1), "until": NOW + timedelta(minutes=1)}
    found = selectors.top_posts(brand.pk, **window, limit=2, among=2)
    assert [post.reach for post in found] == [90_000, 1]
    Mention.objects.filter(pk=far.pk).update(gone_at=NOW)
    found = selectors.top_posts(brand.pk, **window, limit=2, among=2)
    assert [post.reach for post in found] == [1, 0]


def step(brand: Brand, ago: int, total: int, low: float = 4, high: float = 8) -> None:
    Step.objects.create(
        brand=brand,
        starts_at=NOW - timedelta(minutes=ago),
        total=total,
        negative=total // 2,
        positive=0,
        reach=0,
        expected_low=low,
        expected_high=high,
        score=0,
    )


def count(brand: Brand, ago: float, total: int, negative: int = 0) -> None:
    MentionCount.objects.create(
        brand=brand,
        minute=NOW - timedelta(minutes=ago),
        network="x",
        crisis_type="none",
        total=total,
        negative=negative,
    )


def test_volume_is_closed_steps_with_their_band_and_then_the_running_minutes(brand: Brand) -> None:
    step(brand, 20, 5)
    step(brand, 15, 6)
    count(brand, 14, 999)  # within a closed step: counted there
    count(brand, 3, 7)
    points = selectors.volume([brand.pk], since=NOW - timedelta(hours=1), until=NOW)
    assert [point.total for point in points] == [5, 6, 7]
    assert [point.high for point in points] == [8, 8, None]


def test_the_pulse_compares_now_with_the_upper_edge_of_the_band(brand: Brand) -> None:
    step(brand, 30, 5)
    step(brand, 5, 6)
    count(brand, 2, 18)
    pulse = selectors.pulses([brand.pk], now=NOW, span=timedelta(hours=1), slices=12)[brand.pk]
    assert (pulse.now, pulse.expected, pulse.ratio, pulse.above) == (18, 6, 18 / 8, True)
    assert pulse.actual[-1] == 18
    assert pulse.actual[6] == 5
    assert pulse.actual[0] is None


def test_a_brand_without_any_history_is_not_called_normal_or_loud(brand: Brand) -> None:
    pulse = selectors.pulses([brand.pk], now=NOW, span=timedelta(hours=1), slices=12)[brand.pk]
    assert (pulse.ratio, pulse.above, pulse.stale, pulse.negative_share) == (None, False, False, 0)


def test_a_brand_is_stale_only_when_every_source_is_late(brand: Brand) -> None:
    SourceFactory.create(brand=brand, name="Failing", failures=2)
    late = SourceFactory.create(brand=brand, next_poll_at=NOW - timedelta(hours=1))
    fine = SourceFactory.create(brand=brand, next_poll_at=NOW + timedelta(minutes=1))

    def pulse() -> selectors.Pulse:
        return selectors.pulses([brand.pk], now=NOW, span=timedelta(hours=1), slices=12)[brand.pk]

    assert not pulse().stale
    assert set(pulse().late_sources) == {"Failing", late.name}
    fine.is_active = False
    fine.save()
    assert pulse().stale


def test_pulses_cost_the_same_for_one_brand_and_three(
    brand: Brand, django_assert_num_queries
) -> None:
    for brands in ([brand], [brand, BrandFactory.create(), BrandFactory.create()]):
        with django_assert_num_queries(4):
            selectors.pulses(
                [each.pk for each in brands], now=NOW, span=timedelta(hours=1), slices=12
            )
