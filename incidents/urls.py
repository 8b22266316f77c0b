"""Pages of the incidents room."""

from django.urls import path

from . import urls_plans, urls_rota
from .urls_record import record
from .views import (
    actions,
    drills,
    entries,
    evidence,
    listing,
    mentions,
    policies,
    privacy,
    review,
    room,
    rota,
    ties,
)

app_name = "incidents"

urlpatterns = [
    path("incidents/", listing.incidents, name="list"),
    path("incidents/declare/", listing.declare, name="declare"),
    path("mentions/link/", mentions.link, name="link"),
    path("mentions/<int:pk>/incident/", mentions.mention, name="mention"),
    path("i/<slug:reference>/", room.incident, name="incident"),
    path("i/<slug:reference>/acknowledge/", actions.acknowledge, name="acknowledge"),
    path("i/<slug:reference>/escalate/", actions.escalate, name="escalate"),
    path("i/<slug:reference>/lead/", actions.take_lead, name="take_lead"),
    path("i/<slug:reference>/state/", actions.change_state, name="state"),
    path("i/<slug:reference>/severity/", actions.change_severity, name="severity"),
    path("i/<slug:reference>/title/", actions.rename, name="rename"),
    path("i/<slug:reference>/resolve/", actions.resolve, name="resolve"),
    path("i/<slug:reference>/write/", actions.write, name="write"),
    path("i/<slug:reference>/typing/", room.typing, name="typing"),
    path("i/<slug:reference>/timeline/<int:number>/", entries.entry, name="entry"),
    path("i/<slug:reference>/timeline/<int:number>/edit/", entries.edit, name="entry_edit"),
    path(
        "i/<slug:reference>/timeline/<int:number>/correct/", entries.correct, name="entry_correct"
    ),
    path("i/<slug:reference>/timeline/<int:number>/pin/", entries.pin, name="entry_pin"),
    path("i/<slug:reference>/tasks/", actions.add_task, name="add_task"),
    path("i/<slug:reference>/tasks/<int:task>/", actions.tick, name="tick"),
    path("i/<slug:reference>/members/", privacy.members, name="members"),
    path("i/<slug:reference>/related/", ties.related, name="related"),
    path("i/<slug:reference>/split/", ties.split, name="split"),
    path("i/<slug:reference>/files/", evidence.files, name="files"),
    path("i/<slug:reference>/files/<int:number>/", evidence.file, name="file"),
    path("i/<slug:reference>/files/<int:number>/content/", evidence.content, name="file_content"),
    path("i/<slug:reference>/files/<int:number>/preview/", evidence.preview, name="file_preview"),
    path("i/<slug:reference>/files/<int:number>/verify/", evidence.verify, name="file_verify"),
    path("i/<slug:reference>/files/<int:number>/delete/", evidence.delete, name="file_delete"),
    path("i/<slug:reference>/triage/", privacy.triage, name="triage"),
    path("i/<slug:reference>/summary/", review.summarise, name="summary"),
    path("i/<slug:reference>/themes/", room.themes, name="themes"),
    path("i/<slug:reference>/review/", review.review, name="review"),
    *record,
    path("settings/private-incidents/", privacy.sealed, name="sealed"),
    path("settings/private-incidents/<slug:reference>/", privacy.open_sealed, name="open_sealed"),
    path("settings/on-call/", rota.on_call, name="on_call"),
    path("settings/on-call/<int:pk>/remove/", rota.remove_shift, name="remove_shift"),
    *urls_rota.urlpatterns,
    *urls_plans.urlpatterns,
    path("settings/policies/", policies.policies, name="policies"),
    path("settings/policies/new/<slug:slug>/", policies.policy_new, name="policy_new"),
    path("settings/policies/<int:pk>/", policies.policy, name="policy"),
    path("settings/policies/<int:pk>/delete/", policies.delete_policy, name="policy_delete"),
    path("settings/policies/<int:pk>/versions/", policies.versions, name="policy_versions"),
    path(
        "settings/policies/<int:pk>/versions/<int:number>/",
        policies.restore,
        name="policy_restore",
    ),
    path("settings/policies/<int:pk>/drill/", drills.start, name="drill_start"),
    path("settings/policies/webhooks/<slug:slug>/", policies.webhooks, name="webhooks"),
    path(
        "settings/policies/webhooks/<int:pk>/remove/",
        policies.remove_webhook,
        name="webhook_remove",
    ),
    path("settings/policies/drills/<int:pk>/", drills.drill, name="drill"),
    path("settings/policies/drills/<int:pk>/stop/", drills.stop, name="drill_stop"),
]
