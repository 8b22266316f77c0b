"""The case library: what happened to others and to us, written so that one can learn from it."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.formats import language
from monitoring.enums import CrisisType

from .enums_cases import CaseOrigin, Cluster


class CaseStudyQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Cases: the ready-made are everybody's, the others their brand's."""

    def visible_to(self, user: User) -> "CaseStudyQuerySet":
        return self.filter(Q(brand=None) | Q(brand_id__in=user.roles))


class CaseStudy(models.Model):
    """One case. `content` is what cases/shape.py checks: each text by its language.

    The ready-made have both languages and no brand; nobody edits them, a brand writes on in a copy
    of its own, so a new release may replace them. A case from an incident has no names in it: they
    were taken out, and a person looked, before the row was made.
    """

    slug = models.SlugField(max_length=80, unique=True)
    origin = models.CharField(max_length=8, choices=CaseOrigin)
    brand = models.ForeignKey(
        "accounts.Brand", models.CASCADE, null=True, related_name="case_studies"
    )
    # Null once the incident is gone: the case stays, it has nothing of a person in it.
    incident = models.ForeignKey(
        "incidents.Incident", models.SET_NULL, null=True, related_name="case_studies"
    )
    copied_from = models.ForeignKey("self", models.SET_NULL, null=True, related_name="copies")
    kind = models.CharField(_("kind"), max_length=20, choices=CrisisType)
    cluster = models.CharField(_("responsibility"), max_length=12, choices=Cluster, blank=True)
    # Codes of Strategy.
    strategies = models.JSONField(_("what was done"), default=list)
    severity = models.PositiveSmallIntegerField(_("severity"), default=2)
    happened_on = models.DateField(_("began on"))
    content = models.JSONField(default=dict)
    # Every word of the content, a column a language, for the search.
    words_en = models.TextField(blank=True)
    words_da = models.TextField(blank=True)
    search = models.GeneratedField(
        expression=SearchVector("words_en", config="english")
        + SearchVector("words_da", config="danish"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    # Of the file that a ready-made case was read from.
    digest = models.CharField(max_length=64, blank=True)
    # {"people": 3, "handles": 2, …}: how many names were replaced, never which.
    replaced = models.JSONField(default=dict)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # Counts the edits, so that two do not write over each other.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    edited_at = models.DateTimeField(null=True)

    objects = CaseStudyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-happened_on", "slug"]
        indexes: ClassVar[list] = [GinIndex(fields=["search"], name="case_study_search")]
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=Q(origin="SHIPPED", brand=None) | ~Q(origin="SHIPPED") & ~Q(brand=None),
                name="case_study_has_its_brand",
            ),
            # A case from an incident has been looked at by a person.
            models.CheckConstraint(
                condition=~Q(origin="INCIDENT") | Q(confirmed_at__isnull=False),
                name="case_study_names_confirmed",
            ),
            models.UniqueConstraint(fields=["incident"], name="one_case_study_an_incident"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return say(self.content.get("title", {}))

    @property
    def summary(self) -> str:
        return say(self.content.get("summary", {}))

    @property
    def languages(self) -> list[str]:
        """The languages that it is written in."""
        return sorted(self.content.get("title", {}))

    @property
    def is_shipped(self) -> bool:
        return self.origin == CaseOrigin.SHIPPED

    @property
    def organisation(self) -> str:
        return str(self.content.get("organisation", ""))


def say(text: dict[str, Any], lang: str = "") -> str:
    """Return a text in the reader's language, else in the one that there is."""
    wanted = lang or language()
    return str(text.get(wanted) or next((each for each in text.values() if each), ""))
