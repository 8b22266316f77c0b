"""The sections of the communication plan as forms: `initial_of(content)` fills one, `value()`
reads it. Whether what was written makes sense is for `plan.shape.checked` to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import Brand
from accounts.selectors import members
from connectors.models import ConnectedAccount
from incidents.enums import PlanKind
from incidents.plan_shape import LONGEST_LINE, LONGEST_TEXT

from .enums_plan import Audience, PlanSection
from .plan import shape

Values = dict[str, Any]
Choices = list[tuple[Any, Any]]
SPARE = 2


@dataclass(frozen=True)
class Offered:
    """What the fields of a brand's plan choose from: read once for all rows of a form."""

    people: Choices
    accounts: Choices

    @classmethod
    def by(cls, brand: Brand) -> "Offered":
        people = [(user.pk, str(user)) for user in members(brand)]
        accounts = ConnectedAccount.objects.filter(brand=brand, is_active=True).order_by("name")
        return cls([("", "–"), *people], [("", "–"), *accounts.values_list("pk", "name")])


def _line(label: Any, *, required: bool = False, longest: int = LONGEST_LINE) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=longest)


def _area(label: Any, rows: int, note: Any = "", longest: int | None = None) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=note, required=False, max_length=longest,
        widget=forms.Textarea({"rows": rows}),
    )  # fmt: skip


def _choice(label: Any, choices: Any = ()) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False)


def dress(form: forms.BaseForm) -> None:
    """Give the fields the desk's look."""
    for field in form.fields.values():
        chosen = isinstance(field.widget, forms.Select)
        ticked = isinstance(field.widget, (forms.CheckboxInput, forms.CheckboxSelectMultiple))
        look = "form-select form-select-sm" if chosen else "form-control form-control-sm"
        field.widget.attrs.setdefault("class", "form-check-input" if ticked else look)


class MapForm(forms.Form):
    """One message map: a question, and up to five messages with the facts behind them."""

    question = _line(_("The question that people ask"), required=True)
    kind = _choice(_("Kind of crisis"), [("", _("Every kind")), *PlanKind.choices])
    audience = _choice(_("Said to"), Audience.choices)
    language = _choice(_("Language"), settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, shape.MOST_MESSAGES + 1):
            self.fields[f"text_{number}"] = _line(_("Message"))
            self.fields[f"facts_{number}"] = _area(_("Facts behind it, one a line"), 3)
        dress(self)

    @staticmethod
    def initial_of(row: Mapping[str, Any]) -> Values:
        found = {name: row[name] for name in ("question", "kind", "audience", "language")}
        for number, message in enumerate(row["messages"], start=1):
            found[f"text_{number}"] = message["text"]
            found[f"facts_{number}"] = "\n".join(message["facts"])
        return found

    def value(self, key: str) -> Values:
        said = self.cleaned_data
        messages = [
            {"text": said[f"text_{n}"], "facts": said[f"facts_{n}"].splitlines()}
            for n in range(1, shape.MOST_MESSAGES + 1)
        ]
        head = {name: said[name] for name in ("question", "kind", "audience", "language")}
        return head | {"key": key, "messages": messages}

    def rows(self) -> list[tuple[int, Any, Any]]:
        numbers = range(1, shape.MOST_MESSAGES + 1)
        return [(n, self[f"text_{n}"], self[f"facts_{n}"]) for n in numbers]


class Row(forms.Form):
    """A row of a section; one whose first field is empty is left out."""

    def __init__(self, *args: Any, offered: Offered, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField) and not field.choices:
                field.choices = offered.accounts if name == "account" else offered.people
        dress(self)


class SpeakerRow(Row):
    user = _choice(_("Spokesperson"))
    deputy_1 = _choice(_("Deputy"))
    deputy_2 = _choice(_("Then"))
    deputy_3 = _choice(_("Then"))
    kinds = forms.MultipleChoiceField(
        label=_("Speaks about (nothing ticked: about everything)"), choices=PlanKind.choices,
        required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    languages = _line(_("Languages"), longest=shape.NAME)
    note = _line(_("Note"))


class ChannelRow(Row):
    name = _line(_("Channel"), longest=shape.NAME)
    account = _choice(_("Account in the desk"))
    owner = _choice(_("Owner"))
    deputy = _choice(_("Deputy"))
    note = _line(_("Note"))


class OrderRow(Row):
    audience = _choice(_("Who is told"), [("", "–"), *Audience.choices])
    how = _line(_("By what"))
    who = _line(_("By whom"))


_RowSet: type[BaseFormSet] = formset_factory(Row, extra=SPARE, can_order=True)


class Rows(_RowSet):  # type: ignore[misc, valid-type]
    """Rows in their order; `lead` names the field without which a row is left out."""

    lead = ""

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, form_kwargs={"offered": Offered.by(brand)}, **kwargs)

    def add_fields(self, form: forms.BaseForm, index: int | None) -> None:
        super().add_fields(form, index)
        order = form.fields["ORDER"]
        order.label = _("Place")
        order.widget.attrs["class"] = "form-control form-control-sm"

    def kept(self) -> list[Values]:
        """The rows that say something, in their order."""
        return [form.cleaned_data for form in self.ordered_forms if form.cleaned_data[self.lead]]


class SpeakersForm(Rows):
    lead = "user"
    form, max_num, absolute_max = SpeakerRow, shape.MOST_SPEAKERS, shape.MOST_SPEAKERS + SPARE

    @classmethod
    def initial_of(cls, content: shape.Content) -> list[Values]:
        return [
            row | {f"deputy_{n}": pk for n, pk in enumerate(row["deputies"], start=1)}
            for row in content["speakers"]
        ]

    def value(self) -> list[Values]:
        return [
            row | {"deputies": [row[f"deputy_{n}"] for n in (1, 2, 3) if row[f"deputy_{n}"]]}
            for row in self.kept()
        ]


class ChannelsForm(Rows):
    lead = "name"
    form, max_num, absolute_max = ChannelRow, shape.MOST_CHANNELS, shape.MOST_CHANNELS + SPARE

    @classmethod
    def initial_of(cls, content: shape.Content) -> list[Values]:
        rows: list[Values] = content["channels"]
        return rows

    def value(self) -> list[Values]:
        return self.kept()


class OrderForm(Rows):
    lead = "audience"
    form, max_num, absolute_max = OrderRow, len(Audience), len(Audience) + SPARE

    @classmethod
    def initial_of(cls, content: shape.Content) -> list[Values]:
        return content["order"] or shape.usual_order()

    def value(self) -> list[Values]:
        return self.kept()


class VoiceForm(forms.Form):
    """Values and tone, for each language of the desk."""

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, _name in settings.LANGUAGES:
            self.fields[f"tone_{code}"] = _area(_("Tone"), 3, longest=LONGEST_TEXT)
            self.fields[f"values_{code}"] = _area(_("Values"), 3, _("One a line."))
            self.fields[f"do_{code}"] = _area(_("What we do"), 4, _("One a line."))
            self.fields[f"dont_{code}"] = _area(_("What we do not"), 4, _("One a line."))
        dress(self)

    @classmethod
    def initial_of(cls, content: shape.Content) -> Values:
        found: Values = {}
        for code, said in content["voice"].items():
            found[f"tone_{code}"] = said["tone"]
            found |= {f"{n}_{code}": "\n".join(said[n]) for n in ("values", "do", "dont")}
        return found

    def value(self) -> Values:
        said = self.cleaned_data
        return {
            code: {
                "tone": said[f"tone_{code}"],
                **{n: said[f"{n}_{code}"].splitlines() for n in ("values", "do", "dont")},
            }
            for code, _name in settings.LANGUAGES
        }

    def languages(self) -> list[tuple[str, list[Any]]]:
        names = ("tone", "values", "do", "dont")
        return [
            (code, [self[f"{name}_{code}"] for name in names]) for code, _name in settings.LANGUAGES
        ]


# Key messages are written one map at a time.
FORMS: dict[str, Any] = {
    PlanSection.SPEAKERS.value: SpeakersForm,
    PlanSection.CHANNELS.value: ChannelsForm,
    PlanSection.VOICE.value: VoiceForm,
    PlanSection.ORDER.value: OrderForm,
}


class ReviewForm(forms.Form):
    """Who answers for the plan, and by which day it is to be read anew."""

    owner = forms.TypedChoiceField(label=_("Owner"), coerce=int, empty_value=None, required=False)
    review_on = forms.DateField(
        label=_("Next review"), required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)  # noqa: S101 - for the checker
        able = members(brand, permission=Permission.WRITE_PLANS)
        owner.choices = [("", _("nobody")), *((user.pk, str(user)) for user in able)]
        dress(self)


class TemplateForm(forms.Form):
    """A prepared text; `ends_on` is the last day of a holding statement."""

    name = _line(_("Name"), required=True, longest=shape.NAME)
    kind = _choice(_("Kind of crisis"), [("", _("Every kind")), *PlanKind.choices])
    audience = _choice(_("Said to"), Audience.choices)
    language = _choice(_("Language"), settings.LANGUAGES)
    text = forms.CharField(
        label=_("Text"), widget=forms.Textarea({"rows": 9}), strip=False,
        help_text=_(
            "{brand}, {incident.reference}, {today}, {next_update}, {spokesperson}, {contact} and"
            " {press_contact} are filled by the desk; others, such as {place}, by whoever uses it."
        ),
    )  # fmt: skip
    is_holding = forms.BooleanField(
        label=_("Holding statement: approved beforehand"), required=False
    )
    ends_on = forms.DateField(
        label=_("Last day"), required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    void_if = _area(
        _("Void if"), 4, _("One question a line, such as: Is anybody hurt? A yes makes it void.")
    )
    base = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
