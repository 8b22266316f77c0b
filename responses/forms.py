"""What people type, made into values. Services judge it."""

from typing import Any

from django import forms
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from connectors.models import ConnectedAccount

from . import texts
from .models_guidelines import AvoidedWord


class AccountsField(forms.ModelMultipleChoiceField):
    """Accounts by their name; the network's mark stands beside it."""

    def label_from_instance(self, account: Model) -> str:
        return str(getattr(account, "name", account))


class DraftForm(forms.Form):
    """A draft as it is typed; `base` is the version that it was typed on."""

    title = forms.CharField(label=_("Title"), max_length=120)
    text = forms.CharField(
        label=_("Text"), max_length=texts.MAX_LENGTH, widget=forms.Textarea, strip=False
    )
    accounts = AccountsField(
        label=_("Accounts"),
        queryset=ConnectedAccount.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    # Whether it is parted where a network takes less.
    thread = forms.BooleanField(required=False)
    base = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)
    # What stood there when its writer began, so that others' changes are not set back.
    was_title = forms.CharField(max_length=120, required=False, widget=forms.HiddenInput)
    was_accounts = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)
    was_thread = forms.CharField(max_length=2, required=False, widget=forms.HiddenInput)
    mention = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, accounts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accounts"].queryset = accounts  # type: ignore[attr-defined]

    @property
    def account_ids(self) -> list[int]:
        return [account.pk for account in self.cleaned_data["accounts"]]


class VerdictForm(forms.Form):
    """An approval or a wish, of what was shown."""

    sha256 = forms.CharField(max_length=64, required=False)
    version = forms.IntegerField(min_value=1, required=False)
    comment = forms.CharField(max_length=2000, required=False)


class SettleForm(forms.Form):
    outcome = forms.ChoiceField(choices=[("sent", "sent"), ("failed", "failed")])
    url = forms.URLField(max_length=2000, required=False, assume_scheme="https")


class AvoidedWordForm(forms.Form):
    """A word for the list of those that a brand avoids."""

    word = forms.CharField(
        label=_("Word or phrase"),
        max_length=120,
        help_text=_("With * at its end it is every word that begins so: “kunde*”."),
        widget=forms.TextInput({"class": "form-control"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=AvoidedWord.Language.choices,
        required=False,
        widget=forms.Select({"class": "form-select"}),
    )
    instead = forms.CharField(
        label=_("Say instead"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"class": "form-control"}),
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        required=False,
        widget=forms.TextInput({"class": "form-control"}),
    )


class OutsiderForm(forms.Form):
    """Somebody without an account who is asked to approve."""

    name = forms.CharField(max_length=120)
    email = forms.EmailField(max_length=254, required=False)
    organisation = forms.CharField(max_length=120, required=False)
    hours = forms.IntegerField(min_value=1, max_value=72)
