"""The sections of a crisis plan as forms: `initial_of(content)` fills one, `values()` reads it.

Whether what was written makes sense is for `plan_shape.checked` to say, in words.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from accounts.models import Brand, User
from accounts.selectors import members
from core import formats
from monitoring.enums import CrisisType

from . import plan_shape
from .enums import Axis, IncidentRole, PlanKind, Severity
from .models import EscalationPolicy
from .spans import parse, written

Content = plan_shape.Content
Values = dict[str, Any]
LEVELS = ("1", "2", "3", "4")
# From when something holds, as `plan_shape`'s "from".
SINCE = [(4, _("Always")), (3, _("From SEV3")), (2, _("From SEV2")), (1, _("At SEV1 only"))]
SPARE_TASKS = 2


class SpanField(forms.Field):
    """A span of time as people write it, in seconds; empty is None."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"class": "form-control form-control-sm", "size": 8})
        super().__init__(widget=widget, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return parse(text[:40])
        except ValueError:
            raise forms.ValidationError(
                _("Write a time such as 30 min, 2 h or 3 d."), code="invalid"
            ) from None

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, int) else value


def _small(field: forms.Field) -> forms.Field:
    chosen = isinstance(field, (forms.ChoiceField, forms.ModelChoiceField))
    kind = "form-select form-select-sm" if chosen else "form-control form-control-sm"
    field.widget.attrs.setdefault("class", kind)
    return field


class Section(forms.Form):
    """`brand` is for what a section chooses from."""

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.brand = brand
        self.build()
        for field in self.fields.values():
            _small(field)

    def build(self) -> None:
        """Add what depends on the brand or is made in a loop."""

    @classmethod
    def initial_of(cls, content: Content) -> Values:
        raise NotImplementedError

    def values(self) -> Values:
        raise NotImplementedError


def _number(label: Any, *, highest: float, step: str = "1") -> forms.FloatField:
    attributes = {"class": "form-control form-control-sm", "step": step}
    return forms.FloatField(
        label=label, min_value=0, max_value=highest, widget=forms.NumberInput(attributes)
    )


MEASURED = (Axis.REACH, Axis.SPEED, Axis.INFLUENCE)
SHARES = ("negative", "blaming")


class SeverityForm(Section):
    """Thresholds of each axis, what counts as harm, and how many points each severity takes."""

    about = forms.CharField(
        label=_("When this plan applies"), widget=forms.Textarea({"rows": 4}), required=False,
        max_length=plan_shape.LONGEST_TEXT,
    )  # fmt: skip

    def build(self) -> None:
        for axis in MEASURED:
            highest, step = (1000, "0.5") if axis == Axis.SPEED else (10**10, "1")
            for points in (1, 2):
                field = _number(axis.label, highest=highest, step=step)
                self.fields[f"{axis.value}_{points}"] = field
        for share in SHARES:
            for points in (1, 2):
                self.fields[f"{share}_{points}"] = _number(_("Percent"), highest=100)
        for points in (1, 2):
            self.fields[f"guide_{points}"] = forms.CharField(
                label=_("What it means"), required=False, max_length=plan_shape.LONGEST_LINE
            )
        for kind in CrisisType.values[1:]:
            self.fields[f"harm_{kind}"] = forms.TypedChoiceField(
                label=CrisisType(kind).label, choices=[(n, str(n)) for n in (0, 1, 2)], coerce=int
            )
        for level in LEVELS[:3]:
            self.fields[f"level_{level}"] = forms.IntegerField(
                label=Severity(int(level)).label, min_value=1, max_value=10
            )
        self.fields["floor"] = forms.TypedChoiceField(
            label=_("Never less grave than"), choices=Severity.choices, coerce=int
        )

    @classmethod
    def initial_of(cls, content: Content) -> Values:
        matrix = content["matrix"]
        found: Values = {"about": content["about"], "floor": matrix["floor"]}
        for at in (0, 1):
            found |= {f"{axis.value}_{at + 1}": matrix[axis.value][at] for axis in MEASURED}
            for share in SHARES:
                percent = round(matrix["blame"][share][at] * 100, 1)
                found[f"{share}_{at + 1}"] = int(percent) if percent % 1 == 0 else percent
            found[f"guide_{at + 1}"] = matrix["harm"]["guide"][at]
        kinds = matrix["harm"]["kinds"]
        found |= {f"harm_{kind}": kinds.get(kind, 0) for kind in CrisisType.values[1:]}
        return found | {f"level_{level}": matrix["levels"][level] for level in LEVELS[:3]}

    def values(self) -> Values:
        said = self.cleaned_data
        matrix = {
            **{axis.value: [said[f"{axis.value}_{n}"] for n in (1, 2)] for axis in MEASURED},
            "harm": {
                "kinds": {kind: said[f"harm_{kind}"] for kind in CrisisType.values[1:]},
                "guide": [said["guide_1"], said["guide_2"]],
            },
            "blame": {
                share: [round(said[f"{share}_{n}"] / 100, 4) for n in (1, 2)] for share in SHARES
            },
            "levels": {level: said[f"level_{level}"] for level in LEVELS[:3]},
            "floor": said["floor"],
        }
        return {"about": said["about"], "matrix": matrix}

    def axes(self) -> list[tuple[Any, Any, Any]]:
        """The rows of the table: what is measured, and the fields for one and two points."""
        labels = {
            "reach": _("Reach, people"),
            "speed": _("Speed, times the expected maximum"),
            "influence": _("Influence, followers of the largest account"),
            "negative": _("Blame, percent negative"),
            "blaming": _("Blame, percent holding us responsible"),
            "guide": _("Harm, in words"),
        }
        return [(label, self[f"{name}_1"], self[f"{name}_2"]) for name, label in labels.items()]

    def harms(self) -> list[Any]:
        return [self[f"harm_{kind}"] for kind in CrisisType.values[1:]]

    def levels(self) -> list[Any]:
        return [self[f"level_{level}"] for level in LEVELS[:3]]


class RolesForm(Section):
    """Which roles are filled from when, what each does, and when somebody must be relieved."""

    def build(self) -> None:
        for role in IncidentRole:
            self.fields[f"from_{role.value}"] = forms.TypedChoiceField(
                label=role.label, choices=[(0, _("Not filled")), *SINCE], coerce=int
            )
            self.fields[f"duty_{role.value}"] = forms.CharField(
                label=_("What they do"), required=False, max_length=plan_shape.LONGEST_LINE,
                widget=forms.Textarea({"rows": 2}),
            )  # fmt: skip
        usual = _("Empty: the brand's usual time.")
        self.fields["limit"] = SpanField(
            label=_("Hand over after"), required=False, help_text=usual
        )
        self.fields["grace"] = SpanField(
            label=_("Then call somebody else after"), required=False, help_text=usual
        )

    @classmethod
    def initial_of(cls, content: Content) -> Values:
        found: Values = dict(content["care"])
        for row in content["roles"]:
            found |= {f"from_{row['role']}": row["from"], f"duty_{row['role']}": row["duty"]}
        return found

    def values(self) -> Values:
        said = self.cleaned_data
        roles = [
            {"role": role.value, "from": said[f"from_{role}"], "duty": said[f"duty_{role}"]}
            for role in IncidentRole
            if said[f"from_{role}"]
        ]
        return {"roles": roles, "care": {"limit": said["limit"], "grace": said["grace"]}}

    def rows(self) -> list[tuple[Any, Any, Any]]:
        return [(role.label, self[f"from_{role}"], self[f"duty_{role}"]) for role in IncidentRole]


class TaskRow(Section):
    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    title = forms.CharField(label=_("Task"), max_length=200)
    detail = forms.CharField(
        label=_("Detail"), required=False, max_length=plan_shape.LONGEST_TEXT,
        widget=forms.Textarea({"rows": 2}),
    )  # fmt: skip
    role = forms.ChoiceField(label=_("Role"), required=False)
    since = forms.TypedChoiceField(label=_("When"), choices=SINCE, coerce=int, initial=4)
    due = SpanField(label=_("Due after the opening"), required=False)
    personal_data = forms.BooleanField(label=_("Only if personal data"), required=False)

    def build(self) -> None:
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)  # noqa: S101 - for the reader and the checker
        role.choices = [("", _("Whoever takes it")), *IncidentRole.choices]
        self.fields["personal_data"].widget.attrs["class"] = "form-check-input"


_TaskSet: type[BaseFormSet] = formset_factory(
    TaskRow, extra=SPARE_TASKS, can_order=True, can_delete=True, max_num=plan_shape.MOST_TASKS,
    absolute_max=plan_shape.MOST_TASKS + 20,
)  # fmt: skip


class TasksForm(_TaskSet):  # type: ignore[misc, valid-type]
    """The plan's tasks, in their order."""

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, form_kwargs={"brand": brand}, **kwargs)

    def add_fields(self, form: forms.BaseForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].widget.attrs["class"] = "form-control form-control-sm"
        form.fields["DELETE"].widget.attrs["class"] = "form-check-input"

    @classmethod
    def initial_of(cls, content: Content) -> list[Values]:
        return [row | {"since": row["from"]} for row in content["tasks"]]

    def values(self) -> Values:
        rows = [form.cleaned_data for form in self.ordered_forms]
        return {"tasks": [row | {"from": row["since"]} for row in rows if row.get("title")]}


def _lines(label: Any, note: Any, rows: int) -> forms.CharField:
    area = forms.Textarea({"rows": rows})
    return forms.CharField(label=label, help_text=note, widget=area, required=False)


class MessagesForm(Section):
    """What is said and not said, and where: a line each."""

    messages = _lines(_("Key messages"), _("One a line, the most important first."), 5)
    never = _lines(_("Do not say"), _("One a line."), 4)
    channels = _lines(
        _("Channels, in this order"),
        _("One a line; what stands behind a | is the note to it."),
        6,
    )

    @classmethod
    def initial_of(cls, content: Content) -> Values:
        rows = content["channels"]
        named = [f"{row['name']} | {row['note']}" if row["note"] else row["name"] for row in rows]
        return {
            "messages": "\n".join(content["messages"]),
            "never": "\n".join(content["never"]),
            "channels": "\n".join(named),
        }

    def values(self) -> Values:
        said = {name: text.splitlines() for name, text in self.cleaned_data.items()}
        parts = [line.partition("|") for line in said["channels"]]
        channels = [{"name": name.strip(), "note": note.strip()} for name, _bar, note in parts]
        return {"messages": said["messages"], "never": said["never"], "channels": channels}


class EscalationForm(Section):
    """Whom to call, and the times to keep."""

    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.none(), label=_("Escalation policy"), required=False,
        empty_label=_("The brand's usual one"),
    )  # fmt: skip

    def build(self) -> None:
        policy = self.fields["policy"]
        assert isinstance(policy, forms.ModelChoiceField)  # noqa: S101 - for reader and checker
        policy.queryset = EscalationPolicy.objects.filter(brand=self.brand)
        for level in LEVELS:
            for name in ("acknowledge", "respond", "update"):
                self.fields[f"{name}_{level}"] = SpanField(required=name != "update")

    @classmethod
    def initial_of(cls, content: Content) -> Values:
        times = content["times"]
        found = {f"{name}_{level}": times[level][name] for level in LEVELS for name in times[level]}
        return found | {"policy": content["policy"]}

    def values(self) -> Values:
        said = self.cleaned_data
        times = {
            level: {name: said[f"{name}_{level}"] for name in ("acknowledge", "respond", "update")}
            for level in LEVELS
        }
        return {"policy": said["policy"].pk if said["policy"] else None, "times": times}

    def rows(self) -> list[tuple[Any, Any, Any, Any]]:
        return [
            (
                Severity(int(level)).label,
                self[f"acknowledge_{level}"],
                self[f"respond_{level}"],
                self[f"update_{level}"],
            )
            for level in LEVELS
        ]


FORMS: Mapping[str, Any] = {
    "severity": SeverityForm,
    "roles": RolesForm,
    "tasks": TasksForm,
    "messages": MessagesForm,
    "escalation": EscalationForm,
}


def _languages() -> list[tuple[str, str]]:
    return [(code, formats.language_name(code)) for code, _name in settings.LANGUAGES]


class NewPlanForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=PlanKind.choices)
    language = forms.ChoiceField(label=_("Language"), choices=_languages)
    name = forms.CharField(label=_("Name"), max_length=120, required=False)


class PlanHeadForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Owner"), required=False, empty_label="–"
    )

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101 - for reader and checker
        owner.queryset = members(brand)
        owner.widget.attrs["class"] = "form-select form-select-sm"


class CareForm(forms.Form):
    limit = SpanField(label=_("Hand over after"))
    grace = SpanField(label=_("Then call somebody else after"))
