"""Addresses of escalation in the API."""

from django.urls import path

from .api_policies import (
    DrillView,
    ForeseeView,
    LadderView,
    PoliciesView,
    PolicyDrillView,
    PolicyView,
    RestoreView,
    VersionsView,
)

policies = [
    path("policies/", PoliciesView.as_view(), name="policies"),
    path("policies/<int:pk>/", PolicyView.as_view(), name="policy"),
    path("policies/<int:pk>/versions/", VersionsView.as_view(), name="policy_versions"),
    path(
        "policies/<int:pk>/versions/<int:number>/restore/",
        RestoreView.as_view(),
        name="policy_restore",
    ),
    path("policies/<int:pk>/foresee/", ForeseeView.as_view(), name="policy_foresee"),
    path("policies/<int:pk>/drills/", PolicyDrillView.as_view(), name="policy_drill"),
    path("drills/<int:pk>/", DrillView.as_view(), name="drill"),
    path("incidents/<slug:reference>/ladder/", LadderView.as_view(), name="ladder"),
]
