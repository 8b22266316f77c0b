from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import IncidentViewSet
from .api_record import Facts, OneFact

router = SimpleRouter()
router.register("incidents", IncidentViewSet, basename="incident")

urlpatterns = [
    path("incidents/<slug:reference>/facts/", Facts.as_view(), name="facts"),
    path("incidents/<slug:reference>/facts/<int:number>/", OneFact.as_view(), name="fact"),
    *router.urls,
]
