"""What people say of labels: their corrections, and the rules that come of them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .enums import LabelField


class OfBrands(models.QuerySet):  # type: ignore[type-arg]
    """Rows of a brand, for those who may see it."""

    def visible_to(self, user: User) -> "OfBrands":
        return self.filter(brand_id__in=user.roles)


class Correction(models.Model):
    """A person's word on one label of one mention, beside what the machine had said.

    `value` may equal `machine`: somebody looked and agreed, which counts as much. The mention is
    named by its id and time, not by foreign key: it leaves with its month, the word on it stays.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="+", db_index=False)
    mention_id = models.BigIntegerField()
    published_at = models.DateTimeField()
    field = models.CharField(max_length=12, choices=LabelField)
    machine = models.CharField(max_length=20)
    value = models.CharField(max_length=20)
    # Of the machine's label: how sure it was, which tier spoke, in which language.
    confidence = models.FloatField(default=0)
    tier = models.SmallIntegerField(default=1)
    lang = models.CharField(max_length=8)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    objects = OfBrands.as_manager()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["mention_id", "field"], name="one_correction_a_field")
        ]
        indexes: ClassVar[list] = [
            # The page of agreement, and what is learned from.
            models.Index(fields=["brand", "field", "lang"], name="correction_agreement")
        ]

    def __str__(self) -> str:
        return f"{self.mention_id} {self.field}: {self.machine} → {self.value}"


class LabelRule(models.Model):
    """What a word means to this brand: where `phrase` stands, `field` is (or is not) `value`.

    "Is not": the text is judged again without the phrase, and only then. Where it remains what it
    is without it ("sick" in a skate shop, but the board is broken), it remains so.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="label_rules")
    phrase = models.CharField(_("word or phrase"), max_length=100)
    field = models.CharField(_("what it decides"), max_length=12, choices=LabelField)
    value = models.CharField(_("label"), max_length=20)
    negated = models.BooleanField(_("is not"), default=True)
    is_active = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OfBrands.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["phrase", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["brand", "phrase", "field", "value"], name="one_rule_a_phrase"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phrase}: {self.field} {'≠' if self.negated else '='} {self.value}"


class LabelLayer(models.Model):
    """What a brand's corrections taught: small additions to what the models say of one label.

    `agreed_before` and `agreed_after` are of `learned_from` words of people, each judged by a layer
    that it had not taught. Deleting the row undoes it for what comes in from then on.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="label_layers")
    field = models.CharField(max_length=12, choices=LabelField)
    # See monitoring.scoring.layer.
    weights = models.JSONField()
    learned_from = models.PositiveIntegerField()
    agreed_before = models.PositiveIntegerField()
    agreed_after = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    objects = OfBrands.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["field"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "field"], name="one_layer_a_label")
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.agreed_before} → {self.agreed_after} / {self.learned_from}"


class SecondLook(models.Model):
    """What the second tier did on a day (UTC): the budget of calls, and what the settings show."""

    day = models.DateField(primary_key=True)
    posts = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    # Calls of the endpoint, whether they were answered or not: what is paid for.
    calls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}: {self.posts}"
