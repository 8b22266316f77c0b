"""The incident's record over the API."""

from django.urls import path

from .api_breach import BreachView
from .api_promises import OnePromise, Promises, PublicWords
from .api_record import Decisions, Facts, OneFact, SituationView

START = "incidents/<slug:reference>"
record = [
    path(f"{START}/facts/", Facts.as_view(), name="facts"),
    path(f"{START}/facts/<int:number>/", OneFact.as_view(), name="fact"),
    path(f"{START}/decisions/", Decisions.as_view(), name="decisions"),
    path(f"{START}/situation/", SituationView.as_view(), name="situation"),
    path(f"{START}/breach/", BreachView.as_view(), name="breach"),
    path(f"{START}/public-words/", PublicWords.as_view(), name="public-words"),
    path(f"{START}/promises/", Promises.as_view(), name="promises"),
    path(f"{START}/promises/<int:number>/", OnePromise.as_view(), name="promise"),
]
