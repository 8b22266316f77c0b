"""Pages of the incident's record."""

from django.urls import path

from .views import breach, facts, promises, situation

record = [
    path("i/<slug:reference>/facts/", facts.ledger, name="facts"),
    path("i/<slug:reference>/facts/<int:fact>/", facts.fact, name="fact"),
    path("i/<slug:reference>/situation/", situation.situation, name="situation"),
    path("i/<slug:reference>/decisions/", situation.decisions, name="decisions"),
    path("i/<slug:reference>/breach/", breach.breach, name="breach"),
    path("i/<slug:reference>/breach/document.<str:form>", breach.document, name="breach_document"),
    path("i/<slug:reference>/clocks/", promises.clocks, name="clocks"),
    path("i/<slug:reference>/promises/", promises.promises, name="promises"),
    path("i/<slug:reference>/promises/<int:promise>/", promises.promise, name="promise"),
    path("i/<slug:reference>/promises/found/<int:found>/", promises.found, name="found"),
]
