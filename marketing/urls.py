"""The pages of this room."""

from django.urls import path

from .views import calendar, feeds, gate, pause, webhook

app_name = "marketing"

urlpatterns = [
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/new/", calendar.new, name="post_new"),
    path("calendar/import/", feeds.import_file, name="import"),
    path("calendar/feeds/", feeds.feeds, name="feeds"),
    path("calendar/feeds/<int:pk>/remove/", feeds.remove, name="feed_remove"),
    path("calendar/hooks/<uuid:public_id>/", webhook.receive, name="webhook"),
    path("calendar/hooks/<uuid:public_id>/<str:secret>/", webhook.receive, name="webhook_secret"),
    path("calendar/banner/", pause.banner, name="banner"),
    path("calendar/pause/", pause.new, name="pause_new"),
    path("calendar/pauses/", pause.history, name="pauses"),
    path("calendar/pauses/<int:pk>/", gate.gate, name="pause"),
    path("calendar/pauses/<int:pk>/end/", pause.end, name="pause_end"),
    path("calendar/pauses/<int:pk>/planned-end/", pause.prolong, name="pause_prolong"),
    path("calendar/pauses/<int:pk>/take-over/", pause.take_over, name="pause_take_over"),
    path("calendar/pauses/<int:pk>/keep/", gate.keep_ahead, name="keep_ahead"),
    path("calendar/checklist/<int:pk>/", pause.tick, name="tick"),
    path("calendar/posts/<int:pk>/", calendar.post, name="post"),
    path("calendar/posts/<int:pk>/drop/", calendar.drop, name="drop"),
    path("calendar/posts/<int:pk>/settle/", calendar.settle, name="settle"),
    path("calendar/posts/<int:pk>/exempt/", calendar.exempt, name="exempt"),
    path("calendar/posts/<int:pk>/keep/", gate.keep, name="keep"),
    path("calendar/posts/<int:pk>/let-drop/", gate.let_drop, name="let_drop"),
    path("calendar/posts/<int:pk>/undecide/", gate.undecide, name="undecide"),
    path("i/<str:reference>/marketing/", pause.panel, name="panel"),
]
