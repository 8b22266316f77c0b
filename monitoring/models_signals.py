"""What belongs to alarms: rules, expected peaks, votes, rehearsals, themes, and counts for them."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums import DetectionKind, Occasion, Opinion, RehearsalState, Sensitivity
from .scoping import BrandScoped


class DetectionRule(models.Model):
    """When a kind of alarm is raised. A brand without rows has the standard rule of each kind.

    A rule with a window or a scope of its own counts for itself and remembers in `state` what is
    usual for that; the others share the brand's baseline.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="detection_rules")
    kind = models.CharField(_("kind"), max_length=20, choices=DetectionKind)
    # Empty for the one that stands in the place of the kind's standard rule.
    name = models.CharField(_("name"), max_length=120, blank=True)
    sensitivity = models.CharField(
        _("sensitivity"), max_length=10, choices=Sensitivity, default=Sensitivity.BALANCED
    )
    # Null: several windows at once, the usual way.
    window_minutes = models.PositiveIntegerField(_("window"), null=True, blank=True)
    cooldown_hours = models.PositiveIntegerField(_("silence after an alarm, hours"), default=24)
    # What it counts; empty is everything. Mentions must fit all that are given.
    queries = ArrayField(models.IntegerField(), default=list, blank=True)
    networks = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    crisis_types = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    is_active = models.BooleanField(_("switched on"), default=True)
    state = models.JSONField(default=dict, editable=False)
    # When its scope became what it is, and how far back that was counted; null: not yet.
    scoped_at = models.DateTimeField(null=True, editable=False)
    counted_from = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "name", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "kind", "name"], name="one_rule_a_name")
        ]

    def __str__(self) -> str:
        # Also what the audit trail names it by, in every language the same.
        return self.name or DetectionKind(self.kind).value

    @property
    def scope(self) -> dict[str, list[Any]]:
        """What it is limited to, without what is not."""
        every = ("queries", "networks", "languages", "crisis_types")
        return {name: getattr(self, name) for name in every if getattr(self, name)}

    @property
    def counts_for_itself(self) -> bool:
        return bool(self.scope) or self.window_minutes is not None


class RuleCount(models.Model):
    """What a rule with a scope counted in five minutes, written with the mentions."""

    rule = models.ForeignKey(DetectionRule, models.CASCADE, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)
    negative = models.PositiveIntegerField(default=0)
    positive = models.PositiveIntegerField(default=0)
    reach = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["rule", "starts_at"], name="one_rule_count_a_step")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.starts_at:%H:%M}: {self.total}"


class DayRating(models.Model):
    """Reviews of a day (UTC) on a network, counted in the transaction that writes them."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="+", db_index=False)
    network = models.CharField(max_length=40)
    day = models.DateField()
    reviews = models.PositiveIntegerField(default=0)
    stars = models.FloatField(default=0)
    # Sum of squares: how far opinions stray.
    squares = models.FloatField(default=0)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "network", "day"], name="one_rating_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} {self.network} {self.day}: {self.reviews}"


class FarthestPost(models.Model):
    """The post of greatest reach in five minutes, of those that are not positive.

    Found in the table of mentions by brand, time and `external_id`.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    reach = models.BigIntegerField()
    published_at = models.DateTimeField()
    source_id = models.BigIntegerField()
    external_id = models.TextField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "starts_at"], name="one_farthest_a_step")
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} {self.starts_at:%H:%M}: {self.reach}"


class ExpectedPeak(models.Model):
    """More will be said than usual, and nobody need be woken for it."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="expected_peaks")
    title = models.CharField(_("title"), max_length=120)
    occasion = models.CharField(_("occasion"), max_length=10, choices=Occasion)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    # So many times the usual is expected; mentions count for alarms as 1/factor each.
    factor = models.FloatField(_("how many times the usual"), default=5)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-starts_at"]
        indexes: ClassVar[list] = [models.Index(fields=["brand", "ends_at"], name="peak_by_brand")]

    def __str__(self) -> str:
        return self.title


class Vote(models.Model):
    """What a person makes of a signal: what the precision of a rule is counted from."""

    detection = models.ForeignKey("monitoring.Detection", models.CASCADE, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    opinion = models.CharField(max_length=5, choices=Opinion)
    why = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["detection", "user"], name="one_vote_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.opinion}"


class Rehearsal(models.Model):
    """A rule run over the past, or over an imported case, before it is switched on.

    `tried` is the rule as it was tried; `result` what it would have called (rehearsing.Result).
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="rehearsals")
    rule = models.ForeignKey(DetectionRule, models.CASCADE, null=True, related_name="rehearsals")
    tried = models.JSONField(default=dict)
    # The imported case, where it is not the brand's own history.
    upload = models.ForeignKey(
        "monitoring.FileImport", models.CASCADE, null=True, related_name="rehearsals"
    )
    # When the case is known to have begun.
    onset = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=RehearsalState, default=RehearsalState.QUEUED)
    # Per cent.
    progress = models.PositiveSmallIntegerField(default=0)
    result = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # A worker's lease; the sweep takes over where a worker fell silent.
    lease_until = models.DateTimeField(null=True)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["QUEUED", "RUNNING"]),
                name="rehearsal_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"rehearsal {self.pk}: {self.state}"


class Theme(models.Model):
    """What many mentions of a brand have in common; carried on from minute to minute by overlap."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="themes")
    # The words that name it, as they were when it was first seen; shown joined.
    name = models.CharField(max_length=120)
    terms = ArrayField(models.CharField(max_length=80), default=list)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    # Of the newest mentions that were looked at: how many are of it, in how many.
    mentions = models.PositiveIntegerField(default=0)
    sampled = models.PositiveIntegerField(default=0)
    # Mentions of it an hour, over the sample; and what they were the hour before.
    hourly = models.FloatField(default=0)
    negative_share = models.FloatField(default=0)
    reach = models.BigIntegerField(default=0)
    # [[Unix seconds, mentions an hour], …], the newest last.
    course = models.JSONField(default=list)
    # [{"id", "published_at", "asked": how many times}], the most asked first.
    questions = models.JSONField(default=list)
    samples = models.JSONField(default=list)
    # The first is the largest; null once it is over.
    rank = models.PositiveSmallIntegerField(null=True)
    # Whether an alarm was raised for it.
    told_at = models.DateTimeField(null=True)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["rank"]
        indexes: ClassVar[list] = [
            models.Index(fields=["brand", "-seen_at"], name="theme_by_brand")
        ]

    def __str__(self) -> str:
        return self.name


class Vocabulary(models.Model):
    """The words of a brand's ordinary talk: which share of its posts has each."""

    brand = models.OneToOneField("accounts.Brand", models.CASCADE, related_name="+")
    shares = models.JSONField(default=dict)
    learned_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"vocabulary of {self.brand_id}"
