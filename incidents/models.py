"""The case: incident, timeline, tasks, escalation and who is on call."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from monitoring.enums import CrisisType

from . import (  # noqa: F401 - found here
    models_breach,
    models_cases,
    models_evidence,
    models_facts,
    models_packs,
    models_plan,
    models_promises,
    models_roles,
    models_rota,
    models_ties,
    models_timeline,
    models_updates,
)
from .enums import Closing, EntryKind, IncidentRole, Origin, Severity, State, Target


class BrandScoped(models.QuerySet):  # type: ignore[type-arg]
    """Rows of a brand, for those who may see it."""

    def visible_to(self, user: User) -> "BrandScoped":
        return self.filter(brand_id__in=user.roles)


class Happened(models.Manager):  # type: ignore[type-arg]
    """Incidents that took place: a fire drill is in no list and no statistic."""

    def get_queryset(self) -> models.QuerySet:  # type: ignore[type-arg]
        return super().get_queryset().filter(is_drill=False)


class IncidentQuerySet(BrandScoped):
    """Incidents, for those who may see their brand and, of the private ones, are members."""

    def visible_to(self, user: User) -> "IncidentQuerySet":
        mine = user.incident_memberships.values("incident")
        of_brands = self.filter(brand_id__in=user.roles)
        return of_brands.filter(models.Q(is_private=False) | models.Q(pk__in=mine))

    def running(self) -> "IncidentQuerySet":
        """Those that are not over."""
        return self.exclude(state=State.RESOLVED)


class OfIncident(models.QuerySet):  # type: ignore[type-arg]
    """Rows of an incident, for those who may see the incident."""

    def visible_to(self, user: User) -> "OfIncident":
        return self.filter(incident__in=Incident.with_drills.visible_to(user))


class EscalationPolicy(models.Model):
    """Who is called, in which order, after how long. Copied into an incident when it opens."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="policies")
    name = models.CharField(_("name"), max_length=120)
    is_default = models.BooleanField(_("used for new incidents"), default=False)
    # How often the ladder is climbed before it is left to a person.
    rounds = models.PositiveSmallIntegerField(_("rounds"), default=3)
    # The number of its latest version (models_escalation.py).
    version = models.PositiveIntegerField(default=0)

    objects = BrandScoped.as_manager()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["brand"],
                condition=models.Q(is_default=True),
                name="one_default_policy_a_brand",
            )
        ]

    def __str__(self) -> str:
        return self.name


class EscalationStep(models.Model):
    """One step: call somebody or do something, then wait for an acknowledgement before the next.

    escalation.Step says what each column means; which of them count hangs on `target`.
    """

    policy = models.ForeignKey(EscalationPolicy, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    target = models.CharField(_("whom"), max_length=8, choices=Target)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    # A role of the brand, or with target CREW one in the incident.
    role = models.CharField(_("role"), max_length=16, blank=True)
    wait_seconds = models.PositiveIntegerField(_("seconds to wait"), default=300)
    line = models.PositiveSmallIntegerField(_("line"), default=1)
    # Ids of those who take turns, in their order.
    people = models.JSONField(default=list)
    # The id of a channel or webhook, by target.
    subject = models.BigIntegerField(null=True, blank=True)
    level = models.PositiveSmallIntegerField(_("severity"), choices=Severity, null=True, blank=True)
    times = models.PositiveSmallIntegerField(_("times"), default=1)
    # What the turn is remembered under; stays when the step is moved or edited.
    key = models.CharField(max_length=12, blank=True)
    # Conditions, see conditions.py.
    only = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["policy", "position"], name="one_step_a_position")
        ]

    def __str__(self) -> str:
        return f"{self.policy} step {self.position}"


class Shift(models.Model):
    """Who is on call for a brand, from when to when."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="shifts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))

    objects = BrandScoped.as_manager()

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["brand", "ends_at"], name="shift_current")]
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="shift_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.brand}"


class ReferenceCounter(models.Model):
    """The last incident number of a year; locked while the next one is taken."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.number}"


# Stands for the kind where a private incident is named to the outside.
PRIVATE = "private"


def named(given_title: str, crisis_type: str, brand: str) -> str:
    """Return what an incident is called in the active language."""
    if given_title:
        return given_title
    if crisis_type == PRIVATE:
        return gettext("Private incident at %(brand)s") % {"brand": brand}
    if crisis_type == CrisisType.NONE:
        return gettext("Unusual attention for %(brand)s") % {"brand": brand}
    return gettext("%(kind)s at %(brand)s") % {
        "kind": CrisisType(crisis_type).label,
        "brand": brand,
    }


class Incident(models.Model):
    """A crisis, from the first sign to the review."""

    brand = models.ForeignKey("accounts.Brand", models.PROTECT, related_name="incidents")
    reference = models.CharField(max_length=16, unique=True)
    # What a person called it. What the desk opened has no name of its own: see `title`.
    given_title = models.CharField(_("title"), max_length=200, blank=True)
    crisis_type = models.CharField(
        _("kind"), max_length=20, choices=CrisisType, default=CrisisType.NONE
    )
    origin = models.CharField(max_length=10, choices=Origin)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    # [{"code": …, figures …}], see severity.py.
    severity_reasons = models.JSONField(default=list)
    # Each axis with its figure and points, see matrix.py; empty until something was measured.
    scores = models.JSONField(default=dict)
    # The crisis plan as it stood when the incident opened, see plan_shape.py; null without one.
    plan = models.JSONField(null=True)
    # Whether personal data is concerned: some tasks of a plan hang on it.
    personal_data = models.BooleanField(_("personal data is concerned"), default=False)
    state = models.CharField(max_length=12, choices=State, default=State.DETECTED)
    summary = models.TextField(_("what we know"), blank=True)
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # When it began in the world (first step above the band), was noticed, and so on.
    began_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # First word to the public.
    responded_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    # Targets for the clocks, from the severity.
    respond_by = models.DateTimeField(null=True)
    update_by = models.DateTimeField(null=True)
    # The ladder as it stood when the incident opened: [{"target", "user", "role", "wait"}].
    ladder = models.JSONField(default=list)
    ladder_rounds = models.PositiveSmallIntegerField(default=0)
    # The next rung to climb, counted through all rounds, and when. Null: nobody is being called.
    rung = models.PositiveIntegerField(default=0)
    escalate_at = models.DateTimeField(null=True)
    # Since when the ladder has rested, because its conditions exclude everyone.
    resting_since = models.DateTimeField(null=True)
    # The policy that the ladder is a copy of, and which version of it.
    policy = models.ForeignKey(
        EscalationPolicy, models.SET_NULL, null=True, related_name="incidents"
    )
    policy_version = models.PositiveIntegerField(null=True)
    # A fire drill: pages for real, counts nowhere.
    # The default is the database's too: an older release opens incidents while one is rolled out.
    is_drill = models.BooleanField(default=False, db_default=False)
    # A rung that failed to fire: tried again, then parked and shown.
    escalate_failures = models.PositiveSmallIntegerField(default=0)
    # The last number given to a timeline entry.
    entries_count = models.PositiveIntegerField(default=0)
    # When the engine's loop "packs" makes the offline pack anew; null: it is as it should be.
    pack_at = models.DateTimeField(null=True)
    # Seen by its members alone (models_cases.IncidentMember), whatever one's role in the brand.
    is_private = models.BooleanField(_("private"), default=False)
    # A suspicion that nobody has judged by then calls people by itself: the "triage" loop.
    triage_until = models.DateTimeField(null=True)
    # How it ended; empty while it is open.
    closed_as = models.CharField(max_length=10, choices=Closing, blank=True, default="")
    # Where it goes on, if it was merged.
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged"
    )
    # Who sees to the review, once it is over.
    review_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = Happened.from_queryset(IncidentQuerySet)()
    # Drills too: for the engine, and for whoever names one by its reference.
    with_drills = IncidentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-detected_at"]
        indexes: ClassVar[list] = [
            # The engine's "escalate" loop.
            models.Index(
                fields=["escalate_at"],
                condition=models.Q(escalate_at__isnull=False),
                name="incident_due",
            ),
            # The engine's "packs" loop.
            models.Index(
                fields=["pack_at"],
                condition=models.Q(pack_at__isnull=False),
                name="incident_pack_due",
            ),
            models.Index(
                fields=["brand", "-detected_at"],
                condition=~models.Q(state="RESOLVED"),
                name="incident_open",
            ),
            # The engine's "triage" loop.
            models.Index(
                fields=["triage_until"],
                condition=models.Q(triage_until__isnull=False),
                name="incident_triage_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def title(self) -> str:
        """What it is called; without a given title, what it is about in the reader's language."""
        name = named(self.given_title, self.crisis_type, self.brand.name)
        return gettext("TEST: %(name)s") % {"name": name} if self.is_drill else name

    @title.setter
    def title(self, value: str) -> None:
        self.given_title = value

    @property
    def outward_title(self) -> str:
        """What it is called where not only its members read: a private one has no name."""
        return named("", PRIVATE, self.brand.name) if self.is_private else self.title

    @property
    def is_open(self) -> bool:
        return self.state != State.RESOLVED

    @property
    def state_label(self) -> str:
        """Where it is, in words: of what is over, how it ended."""
        return str(Closing(self.closed_as).label if self.closed_as else State(self.state).label)

    @property
    def is_called(self) -> bool:
        """Whether nobody has answered yet: the ladder is being climbed."""
        return self.state == State.DETECTED


class Signal(models.Model):
    """A detection that belongs to an incident: the one that opened it, or one that came later."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="signals")
    detection = models.OneToOneField("monitoring.Detection", models.CASCADE, related_name="signal")

    def __str__(self) -> str:
        return f"{self.detection_id} in {self.incident_id}"


class LinkedMention(models.Model):
    """A mention that a person linked to an incident. No foreign key to mentions: they leave."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="linked_mentions")
    mention_id = models.BigIntegerField()
    published_at = models.DateTimeField()
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "mention_id"], name="one_link_a_mention")
        ]

    def __str__(self) -> str:
        return f"{self.mention_id} in {self.incident_id}"


class TimelineEntry(models.Model):
    """One line of an incident's log. A correction is a new entry, which `corrects` the old one.

    What the system tells is stored as kind and params and put into the reader's language when
    shown; what a person writes is `text`. For a few minutes its writer may mend that, and what
    stood there before stays to be read (models_timeline).
    """

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="entries")
    # 1, 2, 3 … within the incident, given under the incident's lock: no gaps, no late arrivals.
    number = models.PositiveIntegerField()
    # When it happened; the log is read by it.
    at = models.DateTimeField()
    # When it was written, of what was entered afterwards with a time of its own.
    entered_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=12, choices=EntryKind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    params = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    edited_at = models.DateTimeField(null=True)
    corrects = models.ForeignKey("self", models.CASCADE, null=True, related_name="corrections")
    pinned_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_entry_a_number")
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["incident", "-at", "-number"], name="entry_by_time"),
            models.Index(fields=["incident", "kind", "-at", "-number"], name="entry_by_kind"),
            models.Index(
                fields=["incident", "-pinned_at"],
                condition=models.Q(pinned_at__isnull=False),
                name="entry_pinned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} #{self.number} {self.kind}"


class Task(models.Model):
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="tasks")
    title = models.CharField(_("task"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # What is to be done, from the plan.
    detail = models.TextField(blank=True)
    # Whose it is while nobody has taken it: it goes to whoever holds the role.
    role = models.CharField(_("role"), max_length=14, choices=IncidentRole, blank=True)
    # The task of the plan that it came from: each comes once. Empty for what people added.
    key = models.CharField(max_length=40, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    # When the engine's loop "remind" tells of it next: before it is due, then when it is late.
    remind_at = models.DateTimeField(null=True)
    # How often it has told: once before, twice when it was late, too.
    reminded = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # What came of it, from whoever finished it.
    note = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list] = [models.F("due_at").asc(nulls_last=True), "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "key"], condition=~models.Q(key=""), name="one_task_a_key"
            )
        ]
        indexes: ClassVar[list] = [
            # The engine's "remind" loop.
            models.Index(
                fields=["remind_at"],
                condition=models.Q(remind_at__isnull=False),
                name="task_remind_due",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Call(models.Model):
    """A rung that was fired for one person: written in the transaction that moves the ladder on.

    The unique constraint is what makes a rung fire once, however many engines run.
    """

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="calls")
    rung = models.PositiveIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["rung", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "rung", "user"], name="one_call_a_rung")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.incident_id} rung {self.rung}"


# What hangs on these models, in a file of its own: found by Django when this one is.
from . import models_escalation  # noqa: E402, F401
