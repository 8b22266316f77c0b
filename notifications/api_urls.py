from rest_framework.routers import SimpleRouter

from .api import (
    AddressViewSet,
    NoticeViewSet,
    OrderViewSet,
    PreferenceViewSet,
    ProviderViewSet,
)
from .api_channels import ChannelViewSet

router = SimpleRouter()
router.register("notices", NoticeViewSet, basename="notice")
router.register("notice-addresses", AddressViewSet, basename="notice-address")
router.register("notice-orders", OrderViewSet, basename="notice-order")
router.register("notice-preferences", PreferenceViewSet, basename="notice-preference")
router.register("notice-providers", ProviderViewSet, basename="notice-provider")
router.register("notice-channels", ChannelViewSet, basename="notice-channel")

urlpatterns = router.urls
