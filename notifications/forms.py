"""Input of this room's pages, judged and no more: saving is a service's work."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .carriers import SHARED, Carrier, carrier
from .enums import Urgency
from .models import Address, Preference, Rule
from .services.wishes import MOST_STEPS, Order

SHOWN_STEPS = 5
MAX_ADDRESS = 2000


class AddressForm(forms.Form):
    """One address of a service: its field is named and explained as the service has it."""

    to = forms.CharField(max_length=MAX_ADDRESS)
    label = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("For yourself, such as “work phone”."),
    )

    def __init__(self, *args: Any, found: Carrier, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        field.label, field.help_text = found.field, found.help
        field.widget.attrs = {"placeholder": found.example, "autocomplete": "off"}


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=12,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


def _clock() -> forms.TimeInput:
    return forms.TimeInput({"type": "time"}, format="%H:%M")


class RuleForm(forms.Form):
    """An order: when it holds, and up to five ways with their minutes."""

    urgency = forms.ChoiceField(label=gettext_lazy("Told of"), choices=Urgency.choices)
    starts = forms.TimeField(label=gettext_lazy("from"), required=False, widget=_clock())
    ends = forms.TimeField(label=gettext_lazy("to"), required=False, widget=_clock())

    def __init__(self, data: Any, *, addresses: list[Address], rule: Rule | None) -> None:
        super().__init__(data, initial=_initial(rule))
        choices = [
            ("", "–"),
            ("push", _("Push on all my devices")),
            ("email", _("E-mail of my profile")),
            *((f"address.{each.pk}", _named(each)) for each in addresses if each.means != "push"),
        ]
        self.shown = min(max(SHOWN_STEPS, len(rule.steps) if rule else 0), MOST_STEPS)
        for number in range(1, self.shown + 1):
            self.fields[f"way_{number}"] = forms.ChoiceField(
                label=_("Way %(number)d") % {"number": number}, choices=choices, required=False
            )
            self.fields[f"after_{number}"] = forms.IntegerField(
                label=_("Minutes after the call"), min_value=0, max_value=60, required=False
            )

    def steps(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        numbers = range(1, self.shown + 1)
        return [(self[f"way_{number}"], self[f"after_{number}"]) for number in numbers]

    def order(self) -> Order:
        said = self.cleaned_data
        steps = []
        for number in range(1, self.shown + 1):
            way, _dot, address = said[f"way_{number}"].partition(".")
            if way:
                step = {"way": way, "after": 60 * (said[f"after_{number}"] or 0)}
                steps.append(step | ({"address": int(address)} if address else {}))
        return Order(said["urgency"], steps, said["starts"], said["ends"])


def _named(address: Address) -> str:
    name = f"{address.get_means_display()}: {address}"
    return name if address.verified_at else _("%(name)s (not confirmed)") % {"name": name}


def _initial(rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    found: dict[str, Any] = {"urgency": rule.urgency, "starts": rule.starts, "ends": rule.ends}
    for number, step in enumerate(rule.steps, start=1):
        way = step["way"]
        found[f"way_{number}"] = f"address.{step['address']}" if way == "address" else way
        found[f"after_{number}"] = step["after"] // 60
    return found


class PreferenceForm(forms.ModelForm):
    class Meta:
        model = Preference
        fields = ("quiet_from", "quiet_until", "hold_pages", "show_details", "bundle_minutes")
        widgets = {"quiet_from": _clock(), "quiet_until": _clock()}  # noqa: RUF012
        help_texts = {  # noqa: RUF012
            "hold_pages": gettext_lazy(
                "Only when you are not on duty. When nobody answers and everyone is called, you "
                "are called all the same."
            ),
            "show_details": gettext_lazy(
                "Otherwise a push says only that you are called: anyone can read a lock screen."
            ),
        }


class ChannelForm(forms.Form):
    """A brand's channel: a chat's webhook, or a program's address."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    service = forms.ChoiceField(label=gettext_lazy("Service"))
    to = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=MAX_ADDRESS,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text=gettext_lazy(
            "Slack and Teams: the webhook's address. ntfy: the topic's. Your own program: https://…"
        ),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = [each for name in SHARED if (each := carrier(name))]
        self.fields["service"].choices = [(each.name, each.label) for each in found]  # type: ignore[attr-defined]
