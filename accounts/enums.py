"""Roles and permissions: leaf values that every room may import."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person is to a brand."""

    ADMINISTRATOR = "ADMINISTRATOR", _("Administrator")
    LEAD = "LEAD", _("Lead")
    RESPONDER = "RESPONDER", _("Responder")
    APPROVER = "APPROVER", _("Approver")
    OBSERVER = "OBSERVER", _("Observer")
    TRAINEE = "TRAINEE", _("Trainee")


class Permission(models.TextChoices):
    """What a person may do in a brand; rules.py says which role may do what."""

    VIEW = "VIEW", _("See the brand")
    MANAGE_BRAND = "MANAGE_BRAND", _("Manage brand, people and sources")
    TRIAGE = "TRIAGE", _("Correct and link mentions")
    EXPORT = "EXPORT", _("Export mentions")
    OPEN_INCIDENT = "OPEN_INCIDENT", _("Open an incident")
    RUN_INCIDENT = "RUN_INCIDENT", _("Acknowledge, change and resolve an incident")
    WRITE_TIMELINE = "WRITE_TIMELINE", _("Write in the war room")
    DRAFT = "DRAFT", _("Write drafts")
    APPROVE = "APPROVE", _("Approve drafts")
    WRITE_PLANS = "WRITE_PLANS", _("Write and publish crisis plans")
    PUBLISH = "PUBLISH", _("Publish and settle publications")
    PLAN_MARKETING = "PLAN_MARKETING", _("Plan marketing posts")
    PAUSE_MARKETING = "PAUSE_MARKETING", _("Pause marketing and let it go on")
