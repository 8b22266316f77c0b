"""What this room shows on the pages of an incident, and what stands beside its own composer."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.panels import settings_page
from core.panels import Panel, Slot
from incidents.panels import REVIEW, WAR_ROOM
from monitoring.panels import ACTIONS, RowAction

# Beside the composer, as one types: each URL takes reference and number, and what is typed by POST.
COMPOSER = Slot("responses.composer")

COMPOSER.add(Panel("check", _("Draft check"), "responses:check", order=20))
COMPOSER.add(Panel("contradictions", _("Contradictions"), "responses:contradictions", order=10))
COMPOSER.add(Panel("appearance", _("On the statement page"), "responses:appearance", order=2))
COMPOSER.add(Panel("posture", _("Posture"), "responses:posture", order=5))
COMPOSER.add(Panel("assistant", _("Language model"), "responses:assistant", order=40))
settings_page(
    "responses:language_models",
    _("Language model"),
    _("Whether people may ask a language model for help with a text, which, and for how much."),
    order=76,
    icon="message-circle",
    owns=("responses:language_model",),
)
WAR_ROOM.add(
    Panel("strategy", _("Strategy"), "responses:strategy_panel", order=14, live="strategy")
)
REVIEW.add(Panel("strategy", _("Strategy"), "responses:strategy_review", order=18, live="strategy"))
WAR_ROOM.add(Panel("drafts", _("Drafts"), "responses:panel", order=10, live="drafts"))
TELLINGS = Panel("tellings", _("Order of telling"), "responses:tellings", order=15, live="tellings")
COMPOSER.add(Panel("key_messages", _("Key messages"), "responses:key_messages_beside", order=5))
WAR_ROOM.add(Panel("key_messages", _("Key messages"), "responses:key_messages", order=26))
WAR_ROOM.add(TELLINGS)
REVIEW.add(TELLINGS)
WAR_ROOM.add(
    Panel("statement", _("Statement page"), "responses:statement_panel", order=16, live="drafts")
)
settings_page(
    "responses:statement_sites",
    _("Statement pages"),
    _("The public page of each brand: languages, contacts, colour, keys."),
    order=67,
    icon="news",
    owns=("responses:statement_sites",),
)
REVIEW.add(Panel("published", _("What we said"), "responses:published", order=20, live="drafts"))
ACTIONS.append(RowAction("reply", _("Reply"), "message-reply", "r", "responses:reply"))
WAR_ROOM.add(
    Panel(
        "engage", pgettext_lazy("conversations", "Inbox"), "responses:engage_panel", order=18,
        live="engage",
    )
)  # fmt: skip
REVIEW.add(
    Panel(
        "engage", _("How people were answered"), "responses:engage_figures", order=24,
        live="engage",
    )
)  # fmt: skip
settings_page(
    "responses:engage_settings",
    _("Answering people"),
    _("How soon people are answered, how fast many are, and the answers in stock."),
    order=68,
    icon="messages",
    owns=("responses:engage_settings",),
)
settings_page(
    "responses:guidelines",
    _("Words to avoid"),
    _("What a brand does not say in public, and what it says instead."),
    order=75,
    icon="message-circle",
    owns=("responses:guideline",),
)

settings_page(
    "responses:approval_policies",
    _("Approval policies"),
    _("Who has to approve what, and how long it takes them."),
    order=67,
    icon="checkbox",
    owns=("responses:approval_polic",),
)
settings_page(
    "responses:communication_plan",
    _("Communication plan"),
    _("What is said in a crisis, by whom, where and in which order; holding statements."),
    order=62,
    icon="messages",
    owns=("responses:communication_plan", "responses:statement_template"),
)
