"""The incidents of a brand as cases whose beginning is known: what rehearsals are held against."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from monitoring.onsets import known_by
from monitoring.rehearsing import Known

from .models import Incident

MOST = 200


@known_by
def incidents(brand_id: int, since: datetime, until: datetime) -> Iterable[Known]:
    """The incidents that began in this span. Private ones have nothing to do with rehearsals."""
    began = Incident.objects.filter(
        brand=brand_id, is_private=False, began_at__gte=since, began_at__lt=until
    )
    for incident in began.order_by("began_at").select_related("brand")[:MOST]:
        address = reverse("incidents:incident", args=[incident.reference])
        # The title it was given; one made from its kind would be in the language of this moment.
        label = f"{incident.reference} {incident.given_title}".strip()
        yield Known(incident.began_at, label, address, incident.detected_at)
