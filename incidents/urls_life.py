"""Pages of an incident's life beside its room."""

from django.urls import path

from .views import briefs, handover, precedents

life = [
    path("i/<slug:reference>/updates/", briefs.updates, name="updates"),
    path("updates/<str:receipt>/leave/", briefs.brief_leave, name="brief_leave"),
    path("updates/<str:receipt>/", briefs.brief_read, name="brief_read"),
    path("i/<slug:reference>/precedents/", precedents.precedents, name="precedents"),
    path("settings/triage/", precedents.triage_settings, name="triage_settings"),
    path("i/<slug:reference>/handover/", handover.note, name="handover"),
    path("i/<slug:reference>/handover/panel/", handover.panel, name="handover_panel"),
]
