"""The form of an approval policy. Its steps are moved by buttons, so each has a key."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import Brand
from accounts.rules import roles_with
from accounts.selectors import members
from connectors.registry import NETWORKS
from incidents.enums import IncidentRole, Severity

from .enums import Risk, StepMode
from .selectors import usable_accounts
from .services.policies import MOST_STEPS


def _dress(form: forms.Form) -> None:
    """Give each field the class by which it is drawn."""
    for field in form.fields.values():
        if isinstance(field.widget, forms.CheckboxSelectMultiple | forms.CheckboxInput):
            continue
        choosing = isinstance(field.widget, forms.Select)
        field.widget.attrs["class"] = "form-select" if choosing else "form-control"


def _ticks(label: Any, *, coerce: Any = str) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label, required=False, coerce=coerce, widget=forms.CheckboxSelectMultiple
    )


class PolicyForm(forms.Form):
    """Its name, when it is taken, how long approvals last, and who may break the glass."""

    name = forms.CharField(label=_("Name"), max_length=120)
    severity = forms.TypedChoiceField(
        label=_("Only from severity"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("any severity")), *Severity.choices],
    )
    networks = _ticks(_("Only through these networks"))
    accounts = _ticks(_("or these accounts"), coerce=int)
    risks = _ticks(_("Only with one of these risks"))
    hours = forms.FloatField(
        label=_("Approvals expire after, hours (0: never)"), min_value=0, max_value=720, initial=24
    )
    glass = _ticks(_("Who may publish in an emergency, two of them together"), coerce=int)

    def __init__(self, data: Any = None, *, brand: Brand, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        _dress(self)
        accounts = list(usable_accounts(brand.pk))
        networks = sorted({account.network for account in accounts})
        self._choose("networks", [(each, NETWORKS[each].label) for each in networks])
        self._choose("accounts", [(account.pk, account.name) for account in accounts])
        self._choose("risks", Risk.choices)
        able = members(brand, permission=Permission.APPROVE)
        self._choose("glass", [(user.pk, str(user)) for user in able])

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the checker
        field.choices = choices

    def only(self) -> dict[str, Any]:
        names = ("severity", "networks", "accounts", "risks")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}


class StepForm(forms.Form):
    """One step: who is asked, how many of them, and who follows when nobody answers."""

    name = forms.CharField(label=_("Name of the step"), max_length=80)
    beside = forms.BooleanField(label=_("Side by side with the step before"), required=False)
    mode = forms.ChoiceField(label=_("How many"), choices=StepMode.choices)
    people = _ticks(_("People"), coerce=int)
    crew = _ticks(_("Roles in the incident"))
    roles = _ticks(_("Roles in the brand"))
    minutes = forms.FloatField(
        label=_("Time to answer, minutes (0: no limit)"), min_value=0, max_value=1440, initial=10
    )
    deputies = _ticks(_("Then, one after the other"), coerce=int)

    def __init__(self, data: Any = None, *, key: str, brand: Brand, **kwargs: Any) -> None:
        super().__init__(data, prefix=f"s-{key}", **kwargs)
        _dress(self)
        self.key = key
        people = [(u.pk, str(u)) for u in members(brand, permission=Permission.APPROVE)]
        able = [(role.value, role.label) for role in roles_with(Permission.APPROVE)]
        offers: dict[str, list[tuple[Any, Any]]] = {
            "people": people,
            "deputies": people,
            "crew": IncidentRole.choices,
            "roles": able,
        }
        for name, offered in offers.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the checker
            field.choices = offered

    def step(self) -> dict[str, Any]:
        """Return the step as a policy keeps it."""
        cleaned = dict(self.cleaned_data)
        return cleaned | {"wait": round(cleaned.pop("minutes") * 60)}


class Steps:
    """The steps of the form, in order; `do` answers a button."""

    def __init__(self, brand: Brand) -> None:
        self.brand = brand
        self.forms: list[StepForm] = []

    @classmethod
    def of_stored(cls, brand: Brand, stored: list[dict[str, Any]]) -> "Steps":
        steps = cls(brand)
        for each in stored:
            steps.add({**each, "minutes": each.get("wait", 0) / 60})
        return steps

    @classmethod
    def of_data(cls, brand: Brand, data: QueryDict, *, bound: bool) -> "Steps":
        """Read what was sent; unbound it is shown again as it is, without a word about errors."""
        steps = cls(brand)
        for key in data.getlist("step")[:MOST_STEPS]:
            if key.isalnum() and len(key) <= 12:
                steps.forms.append(steps._read(key, data, bound=bound))
        return steps

    def _read(self, key: str, data: QueryDict, *, bound: bool) -> StepForm:
        if bound:
            return StepForm(data, key=key, brand=self.brand)
        blank = StepForm(key=key, brand=self.brand)
        typed = {
            name: field.widget.value_from_datadict(data, {}, blank.add_prefix(name))
            for name, field in blank.fields.items()
        }
        return StepForm(initial=typed, key=key, brand=self.brand)

    def add(self, initial: dict[str, Any] | None = None) -> None:
        if len(self.forms) < MOST_STEPS:
            usual = {"mode": StepMode.ANY, "minutes": 10}
            self.forms.append(
                StepForm(initial=initial or usual, key=uuid4().hex[:8], brand=self.brand)
            )

    def do(self, what: str) -> None:
        """Carry out a button: "add", "up:key", "down:key" or "remove:key"; else do nothing."""
        deed, _colon, key = what.partition(":")
        place = next((n for n, form in enumerate(self.forms) if form.key == key), None)
        if deed == "add":
            self.add()
        elif place is not None and deed == "remove":
            del self.forms[place]
        elif place is not None and deed in ("up", "down"):
            to = max(0, min(len(self.forms) - 1, place + (1 if deed == "down" else -1)))
            self.forms.insert(to, self.forms.pop(place))

    def is_valid(self) -> bool:
        # Each is asked, so that each shows what is wrong with it.
        return all([form.is_valid() for form in self.forms])  # noqa: C419

    def stored(self) -> list[dict[str, Any]]:
        return [form.step() for form in self.forms]
