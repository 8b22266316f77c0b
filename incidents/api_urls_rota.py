"""The API of rotas; api_urls.py takes it in."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from . import api_rota

router = SimpleRouter()
router.register("rotas", api_rota.RotaViewSet, basename="rota")

rota = [
    path("on-call/", api_rota.OnCallView.as_view(), name="on_call"),
    path("overrides/<int:pk>/", api_rota.OverrideView.as_view(), name="override"),
    path("swaps/", api_rota.SwapsView.as_view(), name="swaps"),
    re_path(
        "^swaps/(?P<pk>[0-9]{1,18})/(?P<answer>take|decline|withdraw)/$",
        api_rota.SwapAnswerView.as_view(),
        name="swap_answer",
    ),
    path("absences/", api_rota.AbsencesView.as_view(), name="absences"),
    path("absences/<int:pk>/", api_rota.AbsenceView.as_view(), name="absence"),
    path("calendar-feeds/", api_rota.FeedsView.as_view(), name="feeds"),
    path("calendar-feeds/<int:pk>/", api_rota.FeedView.as_view(), name="feed"),
    *router.urls,
]
