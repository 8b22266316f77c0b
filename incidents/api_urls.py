from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import IncidentViewSet
from .api_privacy import (
    MemberRemovalView,
    MembersView,
    PrivacyView,
    SealedOpeningView,
    SealedView,
)
from .api_record import Facts, OneFact

router = SimpleRouter()
router.register("incidents", IncidentViewSet, basename="incident")

urlpatterns = [
    path("incidents/<slug:reference>/facts/", Facts.as_view(), name="facts"),
    path("incidents/<slug:reference>/facts/<int:number>/", OneFact.as_view(), name="fact"),
    path("incidents/<slug:reference>/privacy/", PrivacyView.as_view(), name="privacy"),
    path("incidents/<slug:reference>/members/", MembersView.as_view(), name="members"),
    path("incidents/<slug:reference>/members/remove/", MemberRemovalView.as_view(), name="remove"),
    path("sealed-incidents/", SealedView.as_view(), name="sealed"),
    path(
        "sealed-incidents/<slug:reference>/open/", SealedOpeningView.as_view(), name="open_sealed"
    ),
    *router.urls,
]
