"""What people enter about signals: votes, rules, rehearsals, the calendar."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Brand
from core import formats, markup

from .enums import CrisisType, DetectionKind, ImportState, Occasion, Sensitivity
from .models import FileImport, Query
from .models_signals import DetectionRule
from .rules import SCOPED, WINDOWED, WINDOWS

LANGUAGES = ("da", "en", "de", "sv", "nb", "no", "fr", "es", "nl")
FACTORS = (
    (2, _("Twice the usual")),
    (3, _("Three times the usual")),
    (5, _("Five times the usual")),
    (10, _("Ten times the usual")),
    (20, _("Twenty times the usual")),
)
COOLDOWNS = (
    (1, _("1 hour")),
    (4, _("4 hours")),
    (12, _("12 hours")),
    (24, _("1 day")),
    (72, _("3 days")),
)
WINDOW_WORDS = {
    15: _("15 minutes"),
    60: _("1 hour"),
    180: _("3 hours"),
    720: _("12 hours"),
    1440: _("24 hours"),
}


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class RuleForm(forms.Form):
    """A rule. What its kind cannot be limited by is not asked for."""

    sensitivity = forms.ChoiceField(
        label=_("Sensitivity"), choices=Sensitivity.choices, widget=forms.RadioSelect
    )
    cooldown_hours = forms.TypedChoiceField(
        label=_("Silence after an alarm"), choices=COOLDOWNS, coerce=int
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False)

    def __init__(
        self, data: Any = None, *, brand: Brand, kind: DetectionKind, row: DetectionRule | None,
        named: bool, networks: list[str],
    ) -> None:  # fmt: skip
        super().__init__(data, initial=_initial(row))
        if named:
            self.fields["name"] = forms.CharField(label=_("Name"), max_length=120)
            self._scope(brand, kind, networks)
            self.order_fields(["name", "sensitivity", "window_minutes"])

    def _scope(self, brand: Brand, kind: DetectionKind, networks: list[str]) -> None:
        if kind in WINDOWED:
            self.fields["window_minutes"] = forms.TypedChoiceField(
                label=_("Window"),
                choices=[("", _("Several at once (recommended)"))]
                + [(minutes, WINDOW_WORDS[minutes]) for minutes in WINDOWS],
                coerce=int,
                empty_value=None,
                required=False,
            )
        if kind not in SCOPED:
            return
        queries = [(q.pk, q.name) for q in Query.objects.filter(brand=brand).order_by("name")]
        if queries:
            self.fields["queries"] = _several(_("Only these queries"), queries, coerce=int)
        named = [(name, markup.network_name(name)) for name in networks]
        if named:
            self.fields["networks"] = _several(_("Only these networks"), named)
        languages = [(code, formats.language_name(code)) for code in LANGUAGES]
        self.fields["languages"] = _several(_("Only these languages"), languages)
        types = CrisisType.choices[1:]
        self.fields["crisis_types"] = _several(_("Only these crisis types"), types)


def _several(label: Any, choices: Any, *, coerce: Any = str) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label,
        choices=choices,
        coerce=coerce,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def _initial(row: DetectionRule | None) -> dict[str, Any]:
    if row is None:
        return {"sensitivity": Sensitivity.BALANCED, "cooldown_hours": 24, "is_active": True}
    names = (
        "name", "sensitivity", "window_minutes", "cooldown_hours", "queries", "networks",
        "languages", "crisis_types", "is_active",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


class RehearseForm(forms.Form):
    """Which past a rule is tried on: the brand's own, or an imported case."""

    upload = forms.ModelChoiceField(
        FileImport.objects.none(),
        label=_("Over"),
        required=False,
        empty_label=_("The last 90 days of the brand"),
    )
    onset = forms.DateTimeField(
        label=_("The imported case began"),
        required=False,
        widget=_moment(),
        help_text=_("If you know it: then the rehearsal says how early it was called."),
    )

    def __init__(self, data: Any = None, *, brand: Brand) -> None:
        super().__init__(data)
        field = self.fields["upload"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for reader and checker
        imports = FileImport.objects.filter(source__brand=brand, state=ImportState.DONE)
        field.queryset = imports.order_by("-pk")
        field.label_from_instance = _filename  # type: ignore[method-assign, assignment]


def _filename(upload: Any) -> str:
    return str(upload.filename)


class PeakForm(forms.Form):
    """More is expected than usual. Times are in the brand's zone, which the page names."""

    title = forms.CharField(label=_("What is expected"), max_length=120)
    occasion = forms.ChoiceField(
        label=pgettext_lazy("of an expected peak", "Occasion"), choices=Occasion.choices
    )
    starts_at = forms.DateTimeField(label=_("From"), widget=_moment())
    ends_at = forms.DateTimeField(label=_("Until"), widget=_moment())
    factor = forms.TypedChoiceField(
        label=_("How much is expected"),
        choices=FACTORS,
        coerce=float,
        initial=5,
        help_text=_("Within it an alarm for volume needs so many times as much."),
    )

    def clean(self) -> dict[str, Any]:
        """Times come in the active zone."""
        given: dict[str, Any] = super().clean() or {}
        start, end = given.get("starts_at"), given.get("ends_at")
        if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
            self.add_error("ends_at", _("The end must be after the beginning."))
        return given
