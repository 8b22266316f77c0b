"""What people enter about the calendar and the pause."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Brand
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from monitoring import senders

from .enums import CalendarKind, FeedKind
from .models import ScheduledPost
from .networks import marketing_networks
from .reading import MAX_BYTES
from .services import Planned


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def _list(given: str) -> list[str]:
    return [part.strip() for part in given.split(",") if part.strip()]


class PostForm(forms.Form):
    """A post of our own, or with "another tool" an entry that is only shown."""

    account = forms.ModelChoiceField(
        queryset=ConnectedAccount.objects.none(),
        label=_("Account"),
        required=False,
        empty_label=_("Another tool sends it: only show it"),
    )
    text = forms.CharField(label=_("Text"), widget=forms.Textarea({"rows": 6}), max_length=20_000)
    at = forms.DateTimeField(label=_("Time"), widget=_moment())
    kind = forms.ChoiceField(
        label=_("Kind"), choices=CalendarKind.choices, initial=CalendarKind.POST
    )
    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    campaign = forms.CharField(label=_("Campaign"), max_length=120, required=False)
    country = forms.CharField(label=_("Country or market"), max_length=60, required=False)
    tags = forms.CharField(
        label=_("Tags"), max_length=400, required=False, help_text=_("Separated by commas.")
    )

    def __init__(
        self, data: Any = None, *, brand: Brand, post: ScheduledPost | None = None
    ) -> None:
        super().__init__(data, initial=_initial(post) if post else None)
        if post:
            del self.fields["account"], self.fields["kind"]
        else:
            accounts = ConnectedAccount.objects.filter(brand=brand, is_active=True)
            field = self.fields["account"]
            field.queryset = accounts.filter(network__in=marketing_networks())  # type: ignore[attr-defined]

    def planned(self) -> Planned:
        given = self.cleaned_data
        account = given.get("account")
        return Planned(
            given["text"], given["at"], account.pk if account else None, kind=given["kind"],
            title=given["title"], campaign=given["campaign"], country=given["country"],
            tags=_list(given["tags"]),
        )  # fmt: skip

    def changes(self) -> dict[str, Any]:
        return self.cleaned_data | {"tags": _list(self.cleaned_data["tags"])}


def _initial(post: ScheduledPost) -> dict[str, Any]:
    names = ("text", "at", "title", "campaign", "country")
    return {name: getattr(post, name) for name in names} | {"tags": ", ".join(post.tags)}


class PauseForm(forms.Form):
    """What is paused, why and until about when. Empty choices mean everything."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Everybody who plans something reads it.")
    )
    brands = forms.ModelMultipleChoiceField(
        queryset=Brand.objects.none(), label=_("Brands"), widget=forms.CheckboxSelectMultiple
    )
    incident = forms.ChoiceField(label=_("Because of the incident"), required=False)
    networks = forms.MultipleChoiceField(
        label=_("Only these channels"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose nothing for all of them, newsletters and advertisements included."),
    )  # fmt: skip
    countries = forms.CharField(
        label=_("Only these countries or markets"), required=False, max_length=400,
        help_text=_("Separated by commas. Empty: all of them."),
    )  # fmt: skip
    exempt_tags = forms.CharField(
        label=_("Posts with these tags go on"), required=False, max_length=400,
        help_text=_("Separated by commas, such as service, recall."),
    )  # fmt: skip
    planned_end = forms.DateTimeField(
        label=_("Planned end"), required=False, widget=_moment(),
        help_text=_("Then you are reminded. Nothing starts again by itself."),
    )  # fmt: skip
    gap = forms.IntegerField(
        label=_("Minutes between two posts of an account afterwards"), min_value=0,
        max_value=1440, initial=30,
    )  # fmt: skip

    def __init__(
        self, data: Any = None, *, brands: list[Brand], channels: list[str],
        incidents: list[tuple[str, str]], initial: dict[str, Any],
    ) -> None:  # fmt: skip
        super().__init__(data, initial=initial)
        chosen = Brand.objects.filter(pk__in=[brand.pk for brand in brands])
        self.fields["brands"].queryset = chosen  # type: ignore[attr-defined]
        self.fields["networks"].choices = [  # type: ignore[attr-defined]
            (name, NETWORKS[name].label if name in NETWORKS else name) for name in channels
        ]
        if not channels:
            del self.fields["networks"]
        self.fields["incident"].choices = [("", _("No incident")), *incidents]  # type: ignore[attr-defined]
        if not incidents:
            del self.fields["incident"]

    def lists(self) -> dict[str, list[str]]:
        given = self.cleaned_data
        return {
            "networks": given.get("networks", []),
            "countries": _list(given["countries"]),
            "exempt_tags": _list(given["exempt_tags"]),
        }


class EndForm(forms.Form):
    """When a pause is expected to be over."""

    planned_end = forms.DateTimeField(label=_("Planned end"), required=False, widget=_moment())


class KeepForm(forms.Form):
    """When a held post goes on, and with which words; without a time at the next free one."""

    at = forms.DateTimeField(label=_("New time"), required=False, widget=_moment())
    text = forms.CharField(
        label=_("Text"), required=False, max_length=20_000, widget=forms.Textarea({"rows": 4})
    )


class ImportForm(forms.Form):
    """A plan from a file."""

    brand = forms.ModelChoiceField(queryset=Brand.objects.none(), label=_("Brand"))
    file = forms.FileField(
        label=_("File"), help_text=_("CSV with a heading, or a calendar (.ics)."),
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,.ics,text/csv,text/calendar"}),
    )  # fmt: skip

    def __init__(self, *arguments: Any, brands: list[Brand]) -> None:
        super().__init__(*arguments)
        chosen = Brand.objects.filter(pk__in=[brand.pk for brand in brands])
        self.fields["brand"].queryset = chosen  # type: ignore[attr-defined]
        if len(brands) == 1:
            self.fields["brand"].initial = brands[0]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than five megabytes."))
        return file


class FeedForm(forms.Form):
    """A tool outside whose plan is to be shown."""

    brand = forms.ModelChoiceField(queryset=Brand.objects.none(), label=_("Brand"))
    kind = forms.ChoiceField(
        label=_("How it arrives"), choices=FeedKind.choices, widget=forms.RadioSelect,
        initial=FeedKind.CALENDAR,
    )  # fmt: skip
    name = forms.CharField(label=_("Name"), max_length=80)
    url = forms.CharField(
        label=_("Calendar address"), max_length=2000, required=False,
        help_text=_("For a calendar: its secret address, which begins with https://."),
    )  # fmt: skip
    sender = forms.ChoiceField(
        label=_("How the webhook's caller shows who it is"), choices=senders.CHOICES,
        initial=senders.STANDARD,
    )  # fmt: skip
    entry_kind = forms.ChoiceField(label=_("Its entries are"), choices=CalendarKind.choices)
    network = forms.CharField(label=_("Channel"), max_length=40, required=False)
    country = forms.CharField(label=_("Country or market"), max_length=60, required=False)

    def __init__(self, *arguments: Any, brands: list[Brand]) -> None:
        super().__init__(*arguments)
        chosen = Brand.objects.filter(pk__in=[brand.pk for brand in brands])
        self.fields["brand"].queryset = chosen  # type: ignore[attr-defined]
        if len(brands) == 1:
            self.fields["brand"].initial = brands[0]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("kind") == FeedKind.CALENDAR and not given.get("url"):
            self.add_error("url", _("Enter the calendar's address."))
        return given
