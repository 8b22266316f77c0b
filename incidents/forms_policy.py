"""The form of an escalation policy. Its steps are moved by buttons, so each has a key."""

from typing import Any, ClassVar
from uuid import uuid4
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import Brand
from accounts.rules import roles_with
from accounts.selectors import members
from notifications.models import Channel

from . import steps
from .enums import IncidentRole, Severity, Target
from .models import EscalationPolicy
from .models_escalation import OutgoingWebhook

# What each kind of step asks for, beside its wait and its conditions.
ASKS: dict[str, tuple[str, ...]] = {
    Target.ON_CALL: ("line", "times"),
    Target.USER: ("user", "times"),
    Target.ROLE: ("role", "times"),
    Target.CREW: ("crew", "times"),
    Target.TURN: ("people", "times"),
    Target.CHANNEL: ("channel", "times"),
    Target.WEBHOOK: ("webhook",),
    Target.SEVERITY: ("level",),
}
CONDITIONS = ("from_severity", "start", "end", "days", "zone", "alarms", "minutes")


class PolicyForm(forms.ModelForm):
    class Meta:
        model = EscalationPolicy
        fields = ("name", "rounds", "is_default")
        help_texts: ClassVar = {
            "rounds": _("How many times the ladder is run through before everyone is called."),
            "is_default": _("Running incidents keep the ladder they opened with."),
        }

    def _post_clean(self) -> None:
        """The service refuses what makes no sense, in words."""


def _dressed(form: forms.Form) -> None:
    """Give each field the class by which it is drawn."""
    for field in form.fields.values():
        if isinstance(field.widget, forms.CheckboxSelectMultiple):
            continue
        choosing = isinstance(field.widget, forms.Select)
        field.widget.attrs["class"] = "form-select" if choosing else "form-control"


class PreviewForm(forms.Form):
    """For when "what would happen" is asked; times are the brand's."""

    at = forms.DateTimeField(
        label=_("An incident opens at"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=Severity.choices, coerce=int, initial=Severity.SEV2
    )
    alarms = forms.IntegerField(
        label=_("Alarms so far"), min_value=0, max_value=99, initial=1, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dressed(self)


class StepForm(forms.Form):
    """One step. Which fields count hangs on the kind; the others are not shown."""

    target = forms.ChoiceField(label=_("What happens"))
    user = forms.TypedChoiceField(label=_("Person"), required=False, coerce=int, empty_value=None)
    people = forms.TypedMultipleChoiceField(
        label=_("Who takes turns"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    crew = forms.ChoiceField(
        label=_("Role in the incident"), required=False, choices=IncidentRole.choices
    )
    line = forms.TypedChoiceField(
        label=_("Line"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(1, _("First line")), (2, _("Second line"))],
    )
    channel = forms.TypedChoiceField(
        label=_("Channel"), required=False, coerce=int, empty_value=None
    )
    webhook = forms.TypedChoiceField(
        label=_("Webhook"), required=False, coerce=int, empty_value=None
    )
    level = forms.TypedChoiceField(
        label=_("Raise to"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(each.value, each.label) for each in Severity if each != Severity.SEV4],
    )
    times = forms.IntegerField(
        label=_("Times"), required=False, min_value=1, max_value=10, initial=1
    )
    wait = forms.FloatField(
        label=_("Then wait, minutes"), min_value=0, max_value=1440, initial=5, required=False
    )
    from_severity = forms.TypedChoiceField(
        label=_("Only from"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("any severity")), *Severity.choices],
    )
    start = forms.TimeField(
        label=_("Only from (time)"),
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    end = forms.TimeField(
        label=_("until"),
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    days = forms.TypedMultipleChoiceField(
        label=_("on"),
        required=False,
        coerce=int,
        choices=[(day, name) for day, name in WEEKDAYS_ABBR.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    zone = forms.CharField(
        label=_("by the clocks of"),
        required=False,
        max_length=60,
        widget=forms.TextInput({"list": "zones", "autocomplete": "off"}),
    )
    alarms = forms.IntegerField(
        label=_("Only if there were so many alarms"), required=False, min_value=1, max_value=99
    )
    minutes = forms.IntegerField(
        label=_("in so many minutes"), required=False, min_value=1, max_value=10080
    )

    def __init__(
        self, data: QueryDict | None = None, *, key: str, choices: "Choices", **kwargs: Any
    ) -> None:
        super().__init__(data, prefix=f"s-{key}", **kwargs)
        _dressed(self)
        self.key = key
        self.zone_of_brand = choices.zone
        for name, offered in choices.of_fields.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the checker
            field.choices = offered

    @staticmethod
    def blank() -> dict[str, Any]:
        """What a step that was just added does, before anything is chosen."""
        return {"target": Target.ON_CALL, "user": None, "role": "", "wait": 300}

    @property
    def kind(self) -> str:
        """The kind that is chosen now, whether the rest makes sense or not."""
        return str(self["target"].value() or Target.ON_CALL)

    @property
    def asked(self) -> list[forms.BoundField]:
        return [self[name] for name in (*ASKS.get(self.kind, ()), "wait")]

    @property
    def conditions(self) -> list[forms.BoundField]:
        return [self[name] for name in CONDITIONS]

    @property
    def conditional(self) -> bool:
        """Whether a condition is set, so that the part that holds them is open."""
        set_ones = (self[name].value() for name in ("from_severity", "start", "end", "alarms"))
        return any(value not in (None, "") for value in set_ones)

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"] or self.zone_of_brand)
        if zone not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone."))
        return zone

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("start") is None) != (cleaned.get("end") is None):
            self.add_error("end", _("Give both times, or none."))
        if (cleaned.get("alarms") is None) != (cleaned.get("minutes") is None):
            self.add_error("minutes", _("Give both numbers, or none."))
        return cleaned

    def step(self) -> dict[str, Any]:
        """Return the step as a stored ladder holds it; `user` is an id."""
        cleaned, kind = self.cleaned_data, self.cleaned_data["target"]
        asks = ASKS.get(kind, ())
        own = {name: cleaned[name] for name in asks}
        return {
            "target": kind,
            "user": own.get("user"),
            "role": own.get("role") or own.get("crew") or "",
            "wait": round((cleaned["wait"] or 0) * 60),
            "line": own.get("line") or 1,
            "people": own.get("people") or [],
            "subject": own.get("channel") or own.get("webhook"),
            "level": own.get("level"),
            "times": own.get("times") or 1,
            "key": self.key,
            "only": self._only(),
        }

    def _only(self) -> dict[str, Any]:
        cleaned, only = self.cleaned_data, {}
        if cleaned["from_severity"]:
            only["severity"] = cleaned["from_severity"]
        if cleaned["start"] is not None:
            only["hours"] = {
                "from": f"{cleaned['start']:%H:%M}",
                "to": f"{cleaned['end']:%H:%M}",
                "days": cleaned["days"],
                "zone": cleaned["zone"],
            }
        if cleaned["alarms"]:
            only["alarms"] = {"count": cleaned["alarms"], "minutes": cleaned["minutes"]}
        return only


class Choices:
    """What a brand's steps may reach for: asked once for all steps of a form."""

    def __init__(self, brand: Brand) -> None:
        self.zone = brand.time_zone
        people = members(brand, permission=Permission.RUN_INCIDENT)
        people_choices = [(user.pk, str(user)) for user in people]
        able = roles_with(Permission.RUN_INCIDENT)
        channels = Channel.objects.filter(brand=brand).values_list("pk", "name")
        webhooks = OutgoingWebhook.objects.filter(brand=brand).values_list("pk", "name")
        self.of_fields: dict[str, list[tuple[Any, Any]]] = {
            "target": self._kinds(bool(channels), bool(webhooks)),
            "user": [("", "–"), *people_choices],
            "people": people_choices,
            "role": [(each.value, each.label) for each in able],
            "channel": [*channels],
            "webhook": [*webhooks],
        }

    def _kinds(self, channels: bool, webhooks: bool) -> list[tuple[Any, Any]]:
        """What could never be chosen is not offered."""
        missing = {Target.CHANNEL: not channels, Target.WEBHOOK: not webhooks}
        return [
            (each.value, each.label) for each in steps.offered() if not missing.get(each, False)
        ]


def stored_as_initial(step: dict[str, Any], zone: str) -> dict[str, Any]:
    """Return a stored step as the form's fields."""
    only = step.get("only") or {}
    hours, alarms = only.get("hours") or {}, only.get("alarms") or {}
    return {
        "target": step["target"],
        "user": step.get("user"),
        "people": step.get("people") or [],
        "role": step.get("role") or "",
        "crew": step.get("role") or "",
        "line": step.get("line") or 1,
        "channel": step.get("subject"),
        "webhook": step.get("subject"),
        "level": step.get("level"),
        "times": step.get("times") or 1,
        "wait": _minutes(step["wait"]),
        "from_severity": only.get("severity"),
        "start": hours.get("from"),
        "end": hours.get("to"),
        "days": hours.get("days", list(range(7))),
        "zone": hours.get("zone") or zone,
        "alarms": alarms.get("count"),
        "minutes": alarms.get("minutes"),
    }


def _minutes(seconds: int) -> float | int:
    """Whole minutes without a decimal, as people write them."""
    return seconds // 60 if seconds % 60 == 0 else round(seconds / 60, 2)


class Ladder:
    """The steps of the form, in their order. `move` and its kin answer a button."""

    MOST = 20

    def __init__(self, brand: Brand) -> None:
        self.choices = Choices(brand)
        self.forms: list[StepForm] = []

    @classmethod
    def of_stored(cls, brand: Brand, stored: list[dict[str, Any]]) -> "Ladder":
        ladder = cls(brand)
        for step in stored:
            ladder.add(stored_as_initial(step, ladder.choices.zone), key=step.get("key") or "")
        return ladder

    @classmethod
    def of_data(cls, brand: Brand, data: QueryDict, *, bound: bool) -> "Ladder":
        """Read what was sent; unbound it is shown again as it is, without a word about errors."""
        ladder = cls(brand)
        for key in data.getlist("step")[: cls.MOST]:
            if key.isalnum() and len(key) <= 12:
                ladder._read(key, data, bound=bound)
        return ladder

    def _read(self, key: str, data: QueryDict, *, bound: bool) -> None:
        if bound:
            self.forms.append(StepForm(data, key=key, choices=self.choices))
            return
        blank = StepForm(key=key, choices=self.choices)
        typed = {
            name: field.widget.value_from_datadict(data, {}, blank.add_prefix(name))
            for name, field in blank.fields.items()
        }
        # A field that was not shown, because the kind did not ask for it, has its usual value.
        shown = {name: value for name, value in typed.items() if value is not None}
        usual = {"days": list(range(7)), "zone": self.choices.zone}
        self.forms.append(StepForm(initial=usual | shown, key=key, choices=self.choices))

    def add(self, initial: dict[str, Any] | None = None, *, key: str = "") -> None:
        usual = {"target": Target.ON_CALL, "days": list(range(7)), "zone": self.choices.zone}
        key = key or uuid4().hex[:8]
        if len(self.forms) < self.MOST:
            self.forms.append(StepForm(initial=initial or usual, key=key, choices=self.choices))

    def do(self, what: str) -> None:
        """Carry out a button: "add", "up:key", "down:key" or "remove:key"; else do nothing."""
        deed, _colon, key = what.partition(":")
        place = next((n for n, form in enumerate(self.forms) if form.key == key), None)
        if deed == "add":
            self.add()
        elif place is None:
            return
        elif deed == "remove":
            del self.forms[place]
        elif deed in ("up", "down"):
            to = max(0, min(len(self.forms) - 1, place + (1 if deed == "down" else -1)))
            self.forms.insert(to, self.forms.pop(place))

    def is_valid(self) -> bool:
        # Each is asked, so that each shows what is wrong with it.
        return all([form.is_valid() for form in self.forms])  # noqa: C419

    def stored(self) -> list[dict[str, Any]]:
        return [form.step() for form in self.forms]
