from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import IncidentViewSet
from .api_evidence import FileContentView, FileDeleteView, FilesView, FileVerifyView, FileView
from .api_privacy import (
    MemberRemovalView,
    MembersView,
    PrivacyView,
    SealedOpeningView,
    SealedView,
)
from .api_ties import LinksView, LinkView, MergeView, SplitView, UnmergeView
from .api_urls_life import life
from .api_urls_plans import plans
from .api_urls_policies import policies
from .api_urls_record import record
from .api_urls_rota import rota

router = SimpleRouter()
router.register("incidents", IncidentViewSet, basename="incident")

urlpatterns = [
    *life,
    *record,
    *policies,
    *rota,
    *plans,
    path("incidents/<slug:reference>/privacy/", PrivacyView.as_view(), name="privacy"),
    path("incidents/<slug:reference>/members/", MembersView.as_view(), name="members"),
    path("incidents/<slug:reference>/members/remove/", MemberRemovalView.as_view(), name="remove"),
    path("sealed-incidents/", SealedView.as_view(), name="sealed"),
    path(
        "sealed-incidents/<slug:reference>/open/", SealedOpeningView.as_view(), name="open_sealed"
    ),
    path("incidents/<slug:reference>/files/", FilesView.as_view(), name="files"),
    path("incidents/<slug:reference>/files/<int:number>/", FileView.as_view(), name="file"),
    path(
        "incidents/<slug:reference>/files/<int:number>/content/",
        FileContentView.as_view(),
        name="file_content",
    ),
    path(
        "incidents/<slug:reference>/files/<int:number>/verify/",
        FileVerifyView.as_view(),
        name="file_verify",
    ),
    path(
        "incidents/<slug:reference>/files/<int:number>/delete/",
        FileDeleteView.as_view(),
        name="file_delete",
    ),
    path("incidents/<slug:reference>/links/", LinksView.as_view(), name="links"),
    path("incidents/<slug:reference>/links/<int:pk>/", LinkView.as_view(), name="link"),
    path("incidents/<slug:reference>/merge/", MergeView.as_view(), name="merge"),
    path("incidents/<slug:reference>/unmerge/", UnmergeView.as_view(), name="unmerge"),
    path("incidents/<slug:reference>/split/", SplitView.as_view(), name="split"),
    *router.urls,
]
