"""Pages around rotas; urls.py takes them in."""

from django.urls import path

from .views import calendar_feed, duties, rota, rotas

urlpatterns = [
    path("settings/on-call/mine/", duties.my_duties, name="my_duties"),
    path("settings/on-call/rotas/new/<slug:slug>/", rotas.rota_new, name="rota_new"),
    path("settings/on-call/rotas/<int:pk>/", rotas.rota, name="rota"),
    path("settings/on-call/rotas/<int:pk>/edit/", rotas.rota_edit, name="rota_edit"),
    path("settings/on-call/rotas/<int:pk>/archive/", rotas.rota_archive, name="rota_archive"),
    path("settings/on-call/rotas/<int:pk>/note/", rotas.write_hand_over, name="rota_note"),
    path("settings/on-call/rotas/<int:pk>/cover/", duties.ask, name="ask_cover"),
    path("settings/on-call/covers/<int:pk>/remove/", rotas.remove_override, name="cover_remove"),
    path("settings/on-call/swaps/<int:pk>/", duties.answer, name="swap_answer"),
    path("settings/on-call/away/<slug:slug>/", rota.note_absence, name="absence_note"),
    path("settings/on-call/absences/", duties.add_absence, name="absence_add"),
    path(
        "settings/on-call/absences/<int:pk>/remove/", duties.remove_absence, name="absence_remove"
    ),
    path("settings/on-call/calendars/", duties.add_feed, name="feed_add"),
    path("settings/on-call/calendars/<int:pk>/remove/", duties.remove_feed, name="feed_remove"),
    path("calendar/<str:secret>.ics", calendar_feed.feed, name="calendar"),
]
