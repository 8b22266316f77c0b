"""Statement pages over the API: what stands there, what is written for them, how they look.

Nothing becomes public here: every text is a draft, and goes out when others have approved it.
"""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import caller
from accounts.models import Brand
from accounts.selectors import administered
from core.api.checked import checked
from core.clock import database_now
from incidents.api_privacy import find
from responses import selectors, texts
from responses.enums_statement import EntryForm
from responses.models import Draft
from responses.models_statement import Statement, StatementDraft, StatementEntry, StatementSite
from responses.selectors_statement import chain, statement_of, terms_of, visible_sites
from responses.services import statement as services
from responses.statements import addresses
from responses.statements.reading import telling

from .draft_shapes import DraftOutput, shown_with
from .images import ImageOutput

LANGUAGE = f"^({'|'.join(code for code, _name in settings.LANGUAGES)})$"


class StatementEntryOutput(serializers.ModelSerializer):
    """One signed word on the page. `about` is the number of the entry that it speaks of."""

    about = serializers.IntegerField(source="about.number", default=None, read_only=True)
    address = serializers.SerializerMethodField()
    key = serializers.CharField(source="key.fingerprint", read_only=True)
    images = ImageOutput(many=True, read_only=True)

    class Meta:
        model = StatementEntry
        fields = (
            "number", "form", "language", "about", "text", "reason", "next_update_at",
            "published_at", "sha256", "key", "address", "images",
        )  # fmt: skip
        read_only_fields = fields

    def get_address(self, entry: StatementEntry) -> str:
        return addresses.entry(self.context["statement"], entry.number)


class TermsOutput(serializers.ModelSerializer):
    """How a draft is to appear on the page: public like its text, and approved with it."""

    draft = serializers.IntegerField(source="draft_id", read_only=True)
    about = serializers.IntegerField(source="about.number", default=None, read_only=True)

    class Meta:
        model = StatementDraft
        fields = ("draft", "form", "language", "about", "reason", "next_update_at")
        read_only_fields = fields


class StatementOutput(serializers.Serializer):
    """An incident's statement. `address` is permanent once `published_at` is set."""

    slug = serializers.CharField()
    address = serializers.SerializerMethodField()
    languages = serializers.ListField(source="site.languages", child=serializers.CharField())
    prepared_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    next_update_at = serializers.SerializerMethodField()
    entries = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()

    def get_address(self, statement: Statement) -> str:
        return addresses.statement(statement)

    def get_next_update_at(self, statement: Statement) -> Any:
        told = telling(self.context["chain"], statement.site.languages[0])
        return told.next_update_at if told else None

    def get_entries(self, statement: Statement) -> list[dict[str, Any]]:
        context = {"statement": statement}
        return list(StatementEntryOutput(self.context["chain"], many=True, context=context).data)

    def get_waiting(self, statement: Statement) -> list[dict[str, Any]]:
        """Terms of the drafts that are on their way."""
        rows = statement.drafts.select_related("about")
        left = rows.exclude(draft__state__in=["PUBLISHED", "DROPPED"]).order_by("draft__number")
        return list(TermsOutput(left, many=True).data)


class PrepareInput(serializers.Serializer):
    """Small letters, digits and hyphens; part of the address."""

    slug = serializers.CharField(max_length=60)


class TermsInput(serializers.Serializer):
    """`about` is needed for a translation, correction or withdrawal; `reason` for a correction."""

    form = serializers.ChoiceField(EntryForm.choices, default=EntryForm.UPDATE)
    language = serializers.RegexField(LANGUAGE, required=False)
    about = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    next_update_at = serializers.DateTimeField(required=False, allow_null=True)


class StatementDraftInput(TermsInput):
    """A text for the page. Its first line is the headline if it stands alone."""

    title = serializers.CharField(max_length=120)
    text = serializers.CharField(max_length=texts.MAX_LENGTH, trim_whitespace=False)


def _statement(request: Request, reference: str) -> Statement:
    find(request, reference)
    found = statement_of(caller(request), reference)
    if found is None:
        raise NotFound(_("Nothing is prepared."))
    return found


def _shown(statement: Statement) -> Response:
    context = {"chain": chain(statement)}
    return Response(StatementOutput(statement, context=context).data)


class StatementView(APIView):
    @extend_schema(responses=StatementOutput, summary="Read an incident's statement")
    def get(self, request: Request, reference: str) -> Response:
        """Everything that stands on the page, corrections and withdrawals too; 404 before that."""
        return _shown(_statement(request, reference))

    @extend_schema(
        request=PrepareInput, responses=StatementOutput, summary="Prepare an incident's statement"
    )
    def put(self, request: Request, reference: str) -> Response:
        """Under an address, which can be changed until the first entry is out."""
        incident = find(request, reference)
        slug = checked(PrepareInput, request.data)["slug"]
        services.prepare(incident.pk, slug=slug, by=caller(request), now=database_now())
        return _shown(_statement(request, reference))


class StatementDraftsView(APIView):
    @extend_schema(
        request=StatementDraftInput,
        responses={201: DraftOutput},
        summary="Write for an incident's statement",
    )
    def post(self, request: Request, reference: str) -> Response:
        """An update, translation, correction, withdrawal or closing note, as a draft."""
        statement = _statement(request, reference)
        wanted = checked(StatementDraftInput, request.data)
        title, text = wanted.pop("title"), wanted.pop("text")
        draft = services.write(
            statement.pk,
            title=title,
            text=text,
            terms=services.Terms(**wanted),
            by=caller(request),
            now=database_now(),
        )
        fresh = selectors.with_latest(selectors.visible_drafts(caller(request))).get(pk=draft.pk)
        shown = DraftOutput(fresh, context=shown_with([fresh]))
        return Response(shown.data, status.HTTP_201_CREATED)


class TermsView(APIView):
    """How one draft is to appear on the page."""

    def _draft(self, request: Request, pk: int) -> Draft:
        return get_object_or_404(selectors.visible_drafts(caller(request)), pk=pk)

    @extend_schema(responses=TermsOutput, summary="Read how a draft is to appear")
    def get(self, request: Request, pk: int) -> Response:
        terms = terms_of(self._draft(request, pk))
        if terms is None:
            raise NotFound(_("Nothing is prepared."))
        return Response(TermsOutput(terms).data)

    @extend_schema(
        request=TermsInput, responses=TermsOutput, summary="Change how a draft is to appear"
    )
    def put(self, request: Request, pk: int) -> Response:
        """409 while somebody judges it: how it appears is part of what is approved."""
        draft = self._draft(request, pk)
        terms = services.Terms(**checked(TermsInput, request.data))
        done = services.change_terms(draft.pk, terms=terms, by=caller(request), now=database_now())
        return Response(TermsOutput(done).data)


class StatementSiteOutput(serializers.ModelSerializer):
    """Where a brand's statements stand, the main language first."""

    brand: Any = serializers.SlugRelatedField("slug", read_only=True)
    address = serializers.SerializerMethodField()
    languages = serializers.ListField(child=serializers.CharField(), read_only=True)
    keys = serializers.SerializerMethodField()

    class Meta:
        model = StatementSite
        fields = (
            "brand", "slug", "address", "languages", "contact", "press_contact", "colour",
            "has_mail", "keys",
        )  # fmt: skip
        read_only_fields = fields

    def get_address(self, site: StatementSite) -> str:
        return addresses.site(site)

    def get_keys(self, site: StatementSite) -> list[str]:
        """Fingerprints, the one that signs first."""
        return [key.fingerprint for key in site.keys.all()]


class StatementSiteInput(serializers.Serializer):
    """What stands on every page."""

    languages = serializers.ListField(
        child=serializers.RegexField(LANGUAGE), min_length=1, max_length=len(settings.LANGUAGES)
    )
    contact = serializers.CharField(max_length=300, allow_blank=True, default="")
    press_contact = serializers.CharField(max_length=300, allow_blank=True, default="")
    colour = serializers.RegexField("^#[0-9a-fA-F]{6}$", default="#334155")
    has_mail = serializers.BooleanField(default=True)


class StatementSitesView(APIView):
    @extend_schema(responses=StatementSiteOutput(many=True), summary="List the statement pages")
    def get(self, request: Request) -> Response:
        """Of all brands of the caller."""
        rows = visible_sites(caller(request)).prefetch_related("keys").order_by("slug")
        return Response(StatementSiteOutput(rows, many=True).data)


def _managed(request: Request, slug: str) -> Brand:
    return get_object_or_404(Brand, pk__in=administered(caller(request)), slug=slug)


class StatementSiteView(APIView):
    @extend_schema(
        request=StatementSiteInput,
        responses=StatementSiteOutput,
        summary="Open or change a brand's statement page",
    )
    def put(self, request: Request, slug: str) -> Response:
        """For the brand's administrators; everybody else gets 404."""
        brand = _managed(request, slug)
        given = checked(StatementSiteInput, request.data)
        wanted = services.Wanted(**{**given, "languages": tuple(given["languages"])})
        site, by, now = visible_sites(caller(request)), caller(request), database_now()
        found = site.filter(brand=brand).first()
        if found:
            done = services.change_site(found.pk, wanted, by=by, now=now)
        else:
            done = services.open_site(brand, wanted, by=by, now=now)
        return Response(StatementSiteOutput(done).data)


class StatementKeyView(APIView):
    @extend_schema(
        request=None, responses=StatementSiteOutput, summary="Give a statement page a new key"
    )
    def post(self, request: Request, slug: str) -> Response:
        """It signs from now on; what earlier keys signed can still be checked."""
        brand = _managed(request, slug)
        site = get_object_or_404(StatementSite, brand=brand)
        services.rotate_key(site.pk, by=caller(request), now=database_now())
        return Response(StatementSiteOutput(StatementSite.objects.get(pk=site.pk)).data)
