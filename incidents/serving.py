"""How a file kept as evidence leaves the house: as an attachment that nothing of may run."""

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from . import vault
from .models_evidence import EvidenceFile

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


def sent(found: EvidenceFile) -> HttpResponse:
    """Answer with the bytes, to be saved whatever they are; 404 if they are gone from the disk."""
    try:
        body = vault.place(found.stored).read_bytes()
    except OSError:
        raise Http404 from None
    answer = HttpResponse(body, content_type="application/octet-stream", headers=HEADERS)
    answer["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    return answer
