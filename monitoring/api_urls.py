from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import DetectionViewSet, MentionViewSet, SourceViewSet
from .api_labels import LabelRuleViewSet, MentionLabels
from .api_queries import QueryViewSet, TrendsViewSet

router = SimpleRouter()
router.register("sources", SourceViewSet, basename="source")
router.register("mentions", MentionViewSet, basename="mention")
router.register("detections", DetectionViewSet, basename="detection")
router.register("label-rules", LabelRuleViewSet, basename="label-rule")
router.register("queries", QueryViewSet, basename="query")
router.register("trends", TrendsViewSet, basename="trends")

urlpatterns = [
    path("mentions/<int:pk>/labels/", MentionLabels.as_view(), name="mention-labels"),
    *router.urls,
]
