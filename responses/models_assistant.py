"""Help by a language model: how a brand allows it, what it has used, what was suggested."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import BrandScoped

from .enums_assistant import SuggestionState, Wish


class LanguageModel(models.Model):
    """A brand's model. No row, or one that is not on: nothing is ever sent anywhere."""

    brand = models.OneToOneField("accounts.Brand", models.CASCADE, related_name="language_model")
    is_on = models.BooleanField(_("people may ask it"), default=False)
    # Up to and without "/chat/completions".
    url = models.CharField(_("address"), max_length=500)
    model = models.CharField(_("model"), max_length=200)
    # core.crypto, for "responses.language_model:<brand id>"; empty where the server needs none.
    sealed = models.BinaryField(default=b"")
    # Whether drafts of private incidents may be sent to it.
    is_private_allowed = models.BooleanField(_("also for private incidents"), default=False)
    monthly_calls = models.PositiveIntegerField(_("calls a month"), default=200)
    monthly_tokens = models.PositiveIntegerField(_("tokens a month"), default=500_000)
    # Seconds until a call is given up.
    patience = models.PositiveSmallIntegerField(_("seconds to wait"), default=45)
    # The server asked to be left alone until then (Retry-After).
    rests_until = models.DateTimeField(null=True)

    objects = BrandScoped.as_manager()

    def __str__(self) -> str:
        return f"{self.model} of {self.brand_id}"


class ModelUse(models.Model):
    """What a brand has used in a month (UTC): what calls on their way may yet use is counted in."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="model_uses")
    month = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    tokens = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["-month"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "month"], name="one_model_use_a_month")
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} {self.month:%Y-%m}: {self.calls}"


class Suggestion(models.Model):
    """One question to the model about a draft, and its answer: a text to take or leave."""

    draft = models.ForeignKey("responses.Draft", models.CASCADE, related_name="suggestions")
    # The version that it was asked about.
    base = models.PositiveIntegerField()
    wish = models.CharField(max_length=8, choices=Wish)
    state = models.CharField(
        max_length=10, choices=SuggestionState, default=SuggestionState.WAITING
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    # The month that the call counts in, and the tokens that are set aside for it.
    month = models.DateField()
    reserved = models.PositiveIntegerField()
    # By the "language_model" loop: when the server was called, and until when it may answer.
    asked_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    tokens = models.PositiveIntegerField(default=0)
    model = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    # core.words.Words, stored.
    error = models.CharField(max_length=500, blank=True)
    # The version that it became, if it was taken.
    version = models.OneToOneField(
        "responses.Version", models.CASCADE, null=True, related_name="suggestion"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["draft"],
                condition=models.Q(state__in=["WAITING", "ASKED"]),
                name="one_question_at_a_time",
            )
        ]
        indexes: ClassVar[list] = [
            # The engine's "language_model" loop.
            models.Index(
                fields=["at"], condition=models.Q(state="WAITING"), name="suggestion_waiting"
            ),
            # Its second half: what a killed process left behind.
            models.Index(
                fields=["lost_at"], condition=models.Q(state="ASKED"), name="suggestion_asked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wish} of {self.draft_id}: {self.state}"
