"""What administrators type about their brand's language model. Services judge it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models_assistant import LanguageModel
from .services.assistant import Wanted


class LanguageModelForm(forms.ModelForm):
    """The key is written and never shown: empty keeps the one that is there."""

    key = forms.CharField(
        label=_("Key"), required=False, strip=True, max_length=500,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("Empty keeps the one that is there, as long as the host stays the same."),
    )  # fmt: skip
    forget_key = forms.BooleanField(label=_("Take the key away"), required=False)
    patience = forms.IntegerField(label=_("Seconds to wait"), min_value=5, max_value=120)

    class Meta:
        model = LanguageModel
        fields = (
            "is_on", "url", "model", "is_private_allowed", "monthly_calls", "monthly_tokens",
            "patience",
        )  # fmt: skip
        help_texts = {  # noqa: RUF012 - Django's own form of it
            "url": _("Up to and with /v1, as the maker says, such as https://llm.example.org/v1."),
            "is_private_allowed": _("Without this nothing of a private incident leaves the desk."),
        }

    def wanted(self) -> Wanted:
        found = dict(self.cleaned_data)
        typed, forget = found.pop("key"), found.pop("forget_key")
        return Wanted(**found, key="" if forget else (typed or None))
