"""Words that a brand avoids. The communication plan fills them too."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import BrandScoped


class AvoidedWord(models.Model):
    """One word or phrase, in one language; "kunde*" is every word that begins so."""

    class Language(models.TextChoices):
        ANY = "", _("Every language")
        DANISH = "da", _("Danish")
        ENGLISH = "en", _("English")

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="avoided_words")
    language = models.CharField(_("language"), max_length=8, blank=True, choices=Language)
    word = models.CharField(_("word or phrase"), max_length=120)
    instead = models.CharField(_("say instead"), max_length=200, blank=True)
    reason = models.CharField(_("why"), max_length=300, blank=True)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["word", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["brand", "language", "word"], name="one_avoided_word_a_language"
            )
        ]

    def __str__(self) -> str:
        return self.word
