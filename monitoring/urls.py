"""Pages of the monitoring room, and where others push to."""

from django.urls import path

from . import views_stream
from .views import imports, sources, webhook

app_name = "monitoring"

urlpatterns = [
    path("mentions/", views_stream.mentions, name="mentions"),
    path("mentions/<int:pk>/", views_stream.mention, name="mention"),
    path("mentions/<int:pk>/correct/", views_stream.correct, name="correct"),
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
    path("hooks/<uuid:public_id>/", webhook.webhook, name="webhook"),
]
