"""Who may follow live frames of drafts and conversations, and be seen at them: whoever may see
them. Imported by the AppConfig.
"""

from accounts.models import User
from core import live

from .models import Draft
from .models_engage import Conversation


@live.guard("draft")
def may_follow(user: User, pk: int) -> bool:
    return Draft.objects.visible_to(user).filter(pk=pk).exists()


@live.guard("conversation")
def may_follow_conversation(user: User, pk: int) -> bool:
    return Conversation.objects.visible_to(user).filter(pk=pk, gone_at=None).exists()
