"""What the views of this room share: finding what may be seen, and showing a refusal."""

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.http import SignedIn
from accounts.models import User
from core.errors import Refused
from incidents.models import Incident
from incidents.selectors import insiders
from responses import selectors
from responses.forms_engage import PersonForm
from responses.models import Draft, Publication


def find_draft(request: SignedIn, reference: str, number: int) -> Draft:
    """The draft, or 404 alike for a missing one and one of a brand that is not the reader's."""
    try:
        return selectors.get_draft(request.user, reference, number)
    except Draft.DoesNotExist:
        raise Http404(_("There is no such draft.")) from None


def find_incident(request: SignedIn, reference: str) -> Incident:
    rows = Incident.objects.visible_to(request.user).select_related("brand")
    found: Incident | None = rows.filter(reference=reference).first()
    if found is None:
        raise Http404(_("There is no such incident."))
    return found


def an_insider(request: SignedIn, incident: Incident) -> User | None:
    """Who was chosen to do it, of those who see the incident; None if it is nobody's."""
    form = PersonForm(request.POST, people=insiders(incident))
    if not form.is_valid():
        raise Refused(_("There is no such person here."))
    person: User | None = form.cleaned_data["to"]
    return person


def find_publication(request: SignedIn, pk: int) -> Publication:
    found = selectors.visible_publications(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such publication."))
    return found


def draft_page(draft: Draft, name: str = "responses:draft") -> tuple[str, str, int]:
    return name, draft.incident.reference, draft.number


def whole_or(part: str, request: SignedIn, template: str) -> str:
    """The template, or for htmx only its named part: the rest of the page stays as it is."""
    return f"{template}#{part}" if "HX-Request" in request.headers else template
