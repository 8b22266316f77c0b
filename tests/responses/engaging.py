"""What the tests of the inbox start from."""

from datetime import datetime
from typing import Any

from incidents.models import Incident, LinkedMention
from monitoring.models import Mention
from responses.models_engage import Conversation
from responses.services.engage import intake
from tests.factories.monitoring import mention


def linked(incident: Incident, **fields: Any) -> Mention:
    """A mention that somebody linked to the incident."""
    post = mention(incident.brand, **{"network": "simulator", "source_id": 7} | fields)
    LinkedMention.objects.create(
        incident=incident, mention_id=post.pk, published_at=post.published_at
    )
    return post


def asked(incident: Incident, *, now: datetime, **fields: Any) -> Conversation:
    """Somebody who wrote, in the inbox since `now`."""
    post = linked(incident, **fields)
    intake.take_in(now=now)
    return Conversation.objects.get(incident=incident, messages__mention_id=post.pk)
