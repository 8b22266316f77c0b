"""Pages of the monitoring room, and where others push to."""

from django.urls import path

from . import views_stream
from .views import webhook

app_name = "monitoring"

urlpatterns = [
    path("mentions/", views_stream.mentions, name="mentions"),
    path("mentions/<int:pk>/", views_stream.mention, name="mention"),
    path("mentions/<int:pk>/correct/", views_stream.correct, name="correct"),
    path("hooks/<uuid:public_id>/", webhook.webhook, name="webhook"),
]
