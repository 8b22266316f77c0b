"""Codes of the incident's record: facts, words to the public, promises, the head's parts."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FactStatus(models.TextChoices):
    """How sure a claim is. Only what is verified is something "we know"."""

    VERIFIED = "VERIFIED", pgettext_lazy("fact", "Verified")
    UNCONFIRMED = "UNCONFIRMED", pgettext_lazy("fact", "Unconfirmed")
    DISPUTED = "DISPUTED", pgettext_lazy("fact", "Disputed")
    WITHDRAWN = "WITHDRAWN", pgettext_lazy("fact", "Withdrawn")


class Section(models.TextChoices):
    """What of the head people write; what we know is made of the facts."""

    HAPPENED = "HAPPENED", _("What happened")
    EFFECT = "EFFECT", _("Effect")
    DOING = "DOING", _("What we do")


class Outlet(models.TextChoices):
    """Where the public was told something by other means than the desk's own publishing."""

    PRESS = "press", _("Press call")
    RELEASE = "release", _("Press release")
    WEBSITE = "website", _("Website")
    SHOP = "shop", _("Statement in a shop")
    PHONE = "phone", _("Customer service")
    MAIL = "mail", _("Mail to customers")
    MEETING = "meeting", _("Meeting")
    SOCIAL = "social", _("A social network, by hand")
    OTHER = "other", _("Elsewhere")


class PromiseState(models.TextChoices):
    OPEN = "OPEN", pgettext_lazy("promise", "Open")
    KEPT = "KEPT", pgettext_lazy("promise", "Kept")
    BROKEN = "BROKEN", pgettext_lazy("promise", "Broken")
    # Entered by mistake: counts neither way.
    WITHDRAWN = "WITHDRAWN", pgettext_lazy("promise", "Withdrawn")


class TimerKind(models.TextChoices):
    """What the engine's loop "duties" looks after; services/duties.py says what each does."""

    SITUATION = "SITUATION", _("The head grows old")
    SILENCE = "SILENCE", _("The public hears nothing")
    PROMISE = "PROMISE", _("A promise falls due")
    BREACH = "BREACH", _("72 hours to the authority")


class BreachState(models.TextChoices):
    """Where the notice to the supervisory authority stands (GDPR art. 33)."""

    OPEN = "OPEN", pgettext_lazy("notice to the authority", "In work")
    NOTIFIED = "NOTIFIED", pgettext_lazy("notice to the authority", "Notified")
    NOT_NEEDED = "NOT_NEEDED", pgettext_lazy("notice to the authority", "Not needed")


class Telling(models.TextChoices):
    """Where telling the people concerned stands (GDPR art. 34)."""

    UNDECIDED = "UNDECIDED", pgettext_lazy("telling those affected", "Not decided")
    NEEDED = "NEEDED", pgettext_lazy("telling those affected", "Must be told")
    DONE = "DONE", pgettext_lazy("telling those affected", "Told")
    NOT_NEEDED = "NOT_NEEDED", pgettext_lazy("telling those affected", "Need not be told")


class BreachField(models.TextChoices):
    """What a notice holds: art. 33(3)(a) to (d); the last one only when it is late, 33(1)."""

    NATURE = "NATURE", _("Nature of the breach")
    PEOPLE = "PEOPLE", _("People concerned: categories and about how many")
    RECORDS = "RECORDS", _("Records concerned: categories and about how many")
    CONTACT = "CONTACT", _("Contact point: data protection officer or other")
    CONSEQUENCES = "CONSEQUENCES", _("Likely consequences")
    MEASURES = "MEASURES", _("Measures taken and proposed")
    DELAY = "DELAY", _("Reasons for the delay")


class BreachStep(models.TextChoices):
    """What was done about a breach; art. 33(5) wants all of it documented."""

    STARTED = "STARTED", _("Clock started")
    AWARE = "AWARE", _("Moment of awareness changed")
    NOTIFIED = "NOTIFIED", _("Authority notified")
    NOT_NEEDED = "NOT_NEEDED", _("Notice not needed")
    REOPENED = "REOPENED", _("Taken up again")
    TELLING = "TELLING", _("Telling those affected")
    EXPORTED = "EXPORTED", _("Document made")
