"""Forms made from what a network declares, and the account's own."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import Refused

from . import declared
from .base import Setting
from .models import ConnectedAccount
from .network import Network


def field(setting: Setting, *, kept: bool = False) -> forms.Field:
    """Return the form field of a setting; `kept` is whether an empty secret keeps the stored one.

    What was just typed is shown again beside an error, secrets as dots; what is stored is not.
    """
    needed = setting.required and setting.default in ("", None) and not kept
    common: dict[str, Any] = {
        "label": setting.label,
        "help_text": _("Leave it empty to keep what is stored.") if kept else setting.help,
        "required": needed,
    }
    if setting.kind == "choice":
        has_empty = any(value == "" for value, _label in setting.choices)
        empty = [] if needed or setting.default or has_empty else [("", "—")]
        return forms.ChoiceField(choices=[*empty, *setting.choices], **common)
    return forms.CharField(widget=_widget(setting), **common)


def _widget(setting: Setting) -> forms.Widget:
    if setting.kind == "lines":
        return forms.Textarea(attrs={"rows": 4})
    if setting.secret:
        return forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"})
    if setting.kind == "number":
        return forms.NumberInput(attrs={"min": 0})
    # Not the reader's own name, which browsers would offer beside a password.
    if setting.kind == "url":
        return forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"})
    return forms.TextInput(attrs={"autocomplete": "off"})


def shown(settings: Iterable[Setting], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored values as the fields show them."""
    return {
        setting.name: _shown(values.get(setting.name, setting.default))
        for setting in settings
        if not setting.secret
    }


def _shown(value: Any) -> Any:
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value


class DeclaredForm(forms.Form):
    """A form whose fields come from settings; `values` holds what was read of them."""

    def declare(
        self, settings: Iterable[Setting], *, kept: Mapping[str, Any] | None = None
    ) -> None:
        self.settings = tuple(settings)
        self.kept = kept or {}
        self.values: dict[str, Any] = {}
        for setting in self.settings:
            stored = setting.secret and bool(self.kept.get(setting.name))
            self.fields[setting.name] = field(setting, kept=stored)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        names = {setting.name for setting in self.settings}
        if names & set(self.errors):
            return data
        given = {name: value for name, value in data.items() if name in names}
        try:
            self.values = declared.read(self.settings, given, kept=self.kept)
        except declared.BadSetting as bad:
            self.add_error(bad.name, str(bad))
        except Refused as refused:
            self.add_error(None, str(refused))
        return data


class AccountForm(DeclaredForm):
    """An account on a network: its name in the product, and what the network declares."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("As your team knows it, such as @fjordkaffe."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        network: Network,
        data: Any = None,
        *,
        account: ConnectedAccount | None = None,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        initial = {}
        if account:
            initial = {"name": account.name, **shown(network.account, account.config)}
        super().__init__(data, initial=initial)
        self.declare(network.account, kept=kept)
