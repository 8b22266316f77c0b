"""The API of an incident's life beside its own calls."""

from django.urls import path

from .api_briefs import SubscribersView, SubscriberView, UpdatesView, UpdateView
from .api_handover import HandOverSignView, HandOversView
from .api_precedents import PrecedentsView

_OF = "incidents/<slug:reference>"
life = [
    path(f"{_OF}/subscribers/", SubscribersView.as_view(), name="subscribers"),
    path(f"{_OF}/subscribers/<int:pk>/", SubscriberView.as_view(), name="subscriber"),
    path(f"{_OF}/precedents/", PrecedentsView.as_view(), name="precedents"),
    path(f"{_OF}/updates/", UpdatesView.as_view(), name="updates"),
    path(f"{_OF}/updates/<int:number>/", UpdateView.as_view(), name="update"),
    path(f"{_OF}/handovers/", HandOversView.as_view(), name="handovers"),
    path(f"{_OF}/handovers/<int:pk>/sign/", HandOverSignView.as_view(), name="handover_sign"),
]
