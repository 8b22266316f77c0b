"""Pages of the monitoring room, and where others push to."""

from django.urls import path

from . import views_stream
from .views import (
    called,
    imports,
    many,
    mention,
    peaks,
    queries,
    rules,
    searches,
    signals,
    sources,
    themes,
    trends,
    triage,
    webhook,
)

app_name = "monitoring"

urlpatterns = [
    path("mentions/", views_stream.mentions, name="mentions"),
    path("mentions/<int:pk>/", mention.mention, name="mention"),
    path("mentions/<int:pk>/correct/", views_stream.correct, name="correct"),
    path("mentions/searches/", searches.searches, name="searches"),
    path("mentions/searches/save/", searches.save, name="search_save"),
    path("mentions/searches/<int:pk>/delete/", searches.delete, name="search_delete"),
    path("mentions/many/", many.many, name="many"),
    path("mentions/export/", many.export, name="export"),
    path("mentions/jobs/", many.jobs, name="jobs"),
    path("mentions/jobs/<int:pk>/", many.job, name="job"),
    path("mentions/jobs/<int:pk>/undo/", many.undo, name="job_undo"),
    path("mentions/jobs/<int:pk>/file/", many.download, name="download"),
    path("mentions/states/", triage.states, name="states"),
    path("mentions/<int:pk>/state/", triage.set_state, name="set_state"),
    path("mentions/<int:pk>/label/", triage.label, name="label"),
    path("mentions/<int:pk>/around/", mention.around, name="around"),
    path("mentions/<int:pk>/triage/", triage.walk, name="chart"),
    path("mentions/<int:pk>/not-about/", triage.not_about, name="not_about"),
    path("signals/", signals.signals, name="signals"),
    path("signals/<int:pk>/", signals.signal, name="signal"),
    path("signals/<int:pk>/vote/", signals.vote, name="signal_vote"),
    path("signals/themes/", themes.themes, name="themes"),
    path("signals/calendar/", peaks.calendar, name="calendar"),
    path("signals/calendar/<int:pk>/delete/", peaks.peak_delete, name="peak_delete"),
    path("signals/rules/", rules.rules, name="rules"),
    path("signals/rules/<int:pk>/", rules.rule_own, name="rule_own"),
    path("signals/rules/<int:pk>/delete/", rules.rule_delete, name="rule_delete"),
    path("signals/rules/<slug:slug>/<str:kind>/", rules.rule, name="rule"),
    path("signals/rules/<slug:slug>/<str:kind>/new/", rules.rule_new, name="rule_new"),
    path("signals/rules/<slug:slug>/<str:kind>/rehearse/", rules.rehearse, name="rehearse"),
    path("signals/rehearsals/<int:pk>/", rules.rehearsal, name="rehearsal"),
    path("settings/sources/", sources.sources, name="sources"),
    path("settings/sources/new/", sources.source_new, name="source_new"),
    path("settings/sources/words/<slug:slug>/", sources.words, name="source_words"),
    path("settings/sources/<int:pk>/", sources.source, name="source"),
    path("settings/sources/<int:pk>/try/", sources.source_try, name="source_try"),
    path("settings/sources/<int:pk>/pause/", sources.source_pause, name="source_pause"),
    path("settings/sources/<int:pk>/secret/", sources.source_secret, name="source_secret"),
    path("settings/sources/<int:pk>/upload/", imports.upload, name="upload"),
    path("settings/imports/<int:pk>/", imports.show, name="import"),
    path("settings/imports/<int:pk>/progress/", imports.progress, name="import_progress"),
    path("settings/imports/<int:pk>/refused.csv", imports.report, name="import_report"),
    path("trends/", trends.index, name="trends"),
    path("trends/<slug:slug>/", trends.trends, name="trends_of"),
    path("settings/queries/", queries.index, name="queries"),
    path("settings/queries/<slug:slug>/", queries.queries, name="queries_of"),
    path("settings/queries/<slug:slug>/new/", queries.query_new, name="query_new"),
    path("settings/queries/<slug:slug>/check/", queries.check, name="query_check"),
    path("settings/queries/<slug:slug>/count/", queries.count, name="query_count"),
    path("settings/queries/<slug:slug>/<int:pk>/", queries.query, name="query"),
    path(
        "settings/queries/<slug:slug>/<int:pk>/delete/", queries.query_delete, name="query_delete"
    ),
    path("hooks/<uuid:public_id>/", webhook.webhook, name="webhook"),
    path("hooks/<uuid:public_id>/<str:secret>/", webhook.webhook, name="webhook"),
    path(
        "hooks/<slug:network>/<uuid:public_id>/", called.called_by_network, name="network_webhook"
    ),
]
