from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import DetectionViewSet, MentionViewSet, SourceViewSet
from .api_labels import LabelLayerViewSet, LabelRuleViewSet, MentionLabels
from .api_queries import QueryViewSet, TrendsViewSet
from .api_signals import (
    BrandForecast,
    DetectionRuleViewSet,
    DetectionVote,
    ExpectedPeakViewSet,
    RehearsalViewSet,
    ThemeViewSet,
)
from .api_triage import JobViewSet, MentionInfluence, MentionTriage, SearchViewSet

router = SimpleRouter()
router.register("sources", SourceViewSet, basename="source")
router.register("mentions", MentionViewSet, basename="mention")
router.register("detections", DetectionViewSet, basename="detection")
router.register("label-rules", LabelRuleViewSet, basename="label-rule")
router.register("label-layers", LabelLayerViewSet, basename="label-layer")
router.register("queries", QueryViewSet, basename="query")
router.register("trends", TrendsViewSet, basename="trends")
router.register("detection-rules", DetectionRuleViewSet, basename="detection-rule")
router.register("rehearsals", RehearsalViewSet, basename="rehearsal")
router.register("expected-peaks", ExpectedPeakViewSet, basename="expected-peak")
router.register("themes", ThemeViewSet, basename="theme")
router.register("saved-searches", SearchViewSet, basename="saved-search")
router.register("mention-jobs", JobViewSet, basename="mention-job")

urlpatterns = [
    path("detections/<int:pk>/vote/", DetectionVote.as_view(), name="detection-vote"),
    path("brands/<slug:slug>/forecast/", BrandForecast.as_view(), name="brand-forecast"),
    path("mentions/<int:pk>/triage/", MentionTriage.as_view(), name="mention-triage"),
    path("mentions/<int:pk>/influence/", MentionInfluence.as_view(), name="mention-influence"),
    path("mentions/<int:pk>/labels/", MentionLabels.as_view(), name="mention-labels"),
    *router.urls,
]
