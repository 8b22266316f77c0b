"""What people enter about sources, words and files."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Brand
from connectors.forms import DeclaredForm, shown
from connectors.models import ConnectedAccount
from connectors.network import Network
from connectors.selectors import usable

from . import kinds, mapping
from .enums import QueryKind, SourceKind, WatchList
from .models import FileImport, Query, Source
from .queries.parsing import MAX_WORD
from .services.sources import configure

# Words of a brand, each way.
MAX_WORDS = 1_000
FIELD_LABELS = {
    "text": _("Text"),
    "title": _("Title"),
    "author": _("Author"),
    "published_at": _("When it was published"),
    "url": _("Address of the post"),
    "external_id": _("Id of the post"),
    "network": _("Network"),
    "lang": _("Language"),
    "reach": _("Reach (followers or readers)"),
}


class SourceForm(DeclaredForm):
    """A source: its name, the account it reads by, what its kind declares, and what all have."""

    name = forms.CharField(label=_("Name"), max_length=120)

    def __init__(
        self, kind: str, data: Any = None, *, brand: Brand, source: Source | None = None
    ) -> None:
        self.kind = kind
        self.network = kinds.all_kinds()[kind]
        super().__init__(data, initial=_shown(self.network, source) if source else None)
        if self.network.reads_by_account and self.network.account:
            self.fields["account"] = self._account(kind, brand)
        self.declare(self.network.source)
        if self.network.counted_as:
            self.fields["network"] = forms.CharField(
                label=_("Network"),
                max_length=40,
                required=False,
                help_text=_("Mentions without a network of their own are counted under this name."),
            )
        self.fields["match"] = forms.BooleanField(
            label=_("Keep only what holds one of the brand's words"),
            required=False,
            help_text=_("For sources that carry more than the brand, such as a newspaper."),
        )
        if kind == SourceKind.WEBHOOK:
            self.fields["example"] = _example()
        if self.network.reader:
            self.fields["poll_every"] = forms.IntegerField(
                label=_("Seconds between checks"),
                min_value=self.network.shortest_poll,
                max_value=86_400,
                initial=self.network.poll_every,
            )

    def _account(self, kind: str, brand: Brand) -> forms.ModelChoiceField:
        accounts = usable(brand.pk, kind)
        return AccountField(
            queryset=accounts,
            label=_("Account"),
            required=self.network.needs_account,
            initial=accounts.first(),
            empty_label=None if self.network.needs_account and accounts else "—",
            help_text=_("The account on the network by which it is read."),
        )

    @property
    def account(self) -> ConnectedAccount | None:
        return self.cleaned_data.get("account")

    def config(self) -> dict[str, Any]:
        """What is stored as the source's settings. Raises core.errors.Refused."""
        common = {
            name: self.cleaned_data[name] for name in ("match", "network") if name in self.fields
        }
        return configure(self.kind, self.values, **common)


def _example() -> forms.CharField:
    """An example of a call; what would be read of it is shown while one types."""
    return forms.CharField(
        label=_("Example of a call"),
        required=False,
        max_length=200_000,
        help_text=_("Paste what the tool sends. Below stands what would be read; nothing is kept."),
        widget=forms.Textarea(
            attrs={
                "rows": 6,
                "spellcheck": "false",
                "hx-post": "",
                "hx-trigger": "input changed delay:400ms,"
                " input changed delay:400ms from:#id_mapping, change from:#id_format",
                "hx-include": "closest form",
                "hx-vals": '{"preview": "1"}',
                "hx-target": "#preview",
                "hx-select": "#preview",
                "hx-swap": "outerHTML",
            }
        ),
    )


class AccountField(forms.ModelChoiceField):
    """Accounts by their name alone: the network is known."""

    def label_from_instance(self, account: Any) -> str:
        return str(account.name)


def _shown(network: Network, source: Source) -> dict[str, Any]:
    """A source's settings as its form shows them."""
    return {
        **source.config,
        **shown(network.source, source.config),
        "name": source.name,
        "account": source.account_id,
        "poll_every": source.poll_every,
    }


class WordsForm(forms.Form):
    """The words of a brand, one a line."""

    any_of = forms.CharField(
        label=_("Words and phrases"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "One per line. A mention is kept when it holds any of them, in upper or lower case."
        ),
    )
    none_of = forms.CharField(
        label=_("But not with"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One per line. A mention that holds one of these is left out."),
    )

    def clean_any_of(self) -> list[str]:
        return self._lines("any_of")

    def clean_none_of(self) -> list[str]:
        return self._lines("none_of")

    def _lines(self, name: str) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]
        if len(lines) > MAX_WORDS:
            raise forms.ValidationError(_("Use at most %(most)d.") % {"most": MAX_WORDS})
        for line in lines:
            if len(line) > MAX_WORD:
                raise forms.ValidationError(
                    _("“%(word)s…” is longer than %(most)d characters.")
                    % {"word": line[:40], "most": MAX_WORD}
                )
        return list(dict.fromkeys(lines))


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("CSV or JSON lines"),
        help_text=_("Plain or packed as .gz. The first row of a CSV names its columns."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.jsonl,.ndjson,.gz"}),
    )


class MappingForm(forms.Form):
    """Which column is what; one choice of a column for each thing a mention may have.

    A file without times must be said to be one: its mentions count as new, and may raise an alarm.
    """

    UNDATED = "-"

    def __init__(self, upload: FileImport, data: Any = None) -> None:
        super().__init__(data, initial=upload.mapping)
        columns = [("", _("Not in the file")), *((name, name) for name in upload.columns)]
        for field in mapping.FIELDS:
            self.fields[field] = forms.ChoiceField(
                label=FIELD_LABELS[field], choices=columns, required=False
            )
        self.fields["published_at"] = forms.ChoiceField(
            label=FIELD_LABELS["published_at"],
            choices=[
                ("", _("Choose …")),
                *columns[1:],
                (self.UNDATED, _("Not in the file: count them all as said when they arrive")),
            ],
            error_messages={
                "required": _(
                    "Choose the column with the time. Without one, all mentions count as new and"
                    " may raise an alarm."
                )
            },
        )

    def clean_published_at(self) -> str:
        chosen: str = self.cleaned_data["published_at"]
        return "" if chosen == self.UNDATED else chosen


class QueryForm(forms.Form):
    """A query. What is wrong with the expression stands beside it, see views.queries."""

    name = forms.CharField(label=_("Name"), max_length=120)
    purpose = forms.ChoiceField(
        label=_("What it is for"),
        help_text=_(
            "Brand and watch lists count as talk about you. Competitors and topics are followed"
            " beside it, and never raise an alarm."
        ),
    )
    expression = forms.CharField(
        label=_("Query"),
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocapitalize": "none"}),
        strip=False,
        required=False,
    )
    is_active = forms.BooleanField(
        label=_("Active"),
        required=False,
        initial=True,
        help_text=_("While it is not, nothing is kept or counted for it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["purpose"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = purposes()

    @classmethod
    def of(cls, query: Query, data: Any = None) -> "QueryForm":
        """The form of a query that exists."""
        purpose = f"{query.kind}:{query.watched}" if query.watched else query.kind
        initial = {
            "name": query.name,
            "purpose": purpose,
            "expression": query.expression,
            "is_active": query.is_active,
        }
        return cls(data, initial=initial)

    @property
    def text(self) -> str:
        """The expression as it stands in the form, whatever it is."""
        return str(self["expression"].value() or "")


def purposes() -> list[tuple[str, Any]]:
    """What a query may be for: "brand", "watch:products", …, with its words."""
    lists = [
        (f"{QueryKind.WATCH}:{value}", format_lazy("{}: {}", QueryKind.WATCH.label, label))
        for value, label in WatchList.choices
    ]
    kinds: list[tuple[str, Any]] = list(QueryKind.choices)
    at = kinds.index((QueryKind.WATCH.value, QueryKind.WATCH.label))
    return [*kinds[:at], *lists, *kinds[at + 1 :]]
