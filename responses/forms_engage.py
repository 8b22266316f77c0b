"""What people type in the inbox and its settings, made into values. Services judge it."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from monitoring.enums import Sentiment

from .enums_engage import ConversationState
from .selectors_engage import Wanted

VIEWS = (
    ("", pgettext_lazy("conversations", "All")),
    ("mine", pgettext_lazy("conversations", "Mine")),
    ("free", pgettext_lazy("conversations", "Nobody's")),
    ("late", pgettext_lazy("conversations", "Late")),
)
LONGEST = 60 * 24 * 30


class WantedForm(forms.Form):
    """Which conversations are asked for; what cannot be is as if it were not asked for."""

    state = forms.ChoiceField(choices=ConversationState.choices, required=False)
    view = forms.ChoiceField(choices=VIEWS, required=False)
    network = forms.CharField(max_length=40, required=False)
    language = forms.CharField(max_length=8, required=False)
    sentiment = forms.ChoiceField(choices=Sentiment.choices, required=False)
    concern = forms.IntegerField(min_value=1, max_value=10**9, required=False)
    after = forms.IntegerField(min_value=1, max_value=10**18, required=False)

    def wanted(self) -> Wanted:
        self.is_valid()
        found = {name: value for name, value in self.cleaned_data.items() if value}
        return Wanted(**found)


class PersonForm(forms.Form):
    """Whose they are to be: a member's id, or nobody."""

    to = forms.ModelChoiceField(queryset=User.objects.none(), required=False)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class TimesForm(forms.Form):
    """Minutes to the first and the next reply; of networks also answers an hour."""

    first = forms.IntegerField(label=_("First reply, minutes"), min_value=0, max_value=LONGEST)
    next = forms.IntegerField(label=_("Next reply, minutes"), min_value=0, max_value=LONGEST)
    pace = forms.IntegerField(label=_("Answers an hour"), min_value=0, required=False)
