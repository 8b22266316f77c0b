"""Addresses of the crisis plans and of the war room's panels of crew and plan."""

from django.urls import path

from .views import actions, crew, plans

urlpatterns = [
    path("i/<slug:reference>/tasks/<int:task>/change/", actions.task, name="task"),
    path("i/<slug:reference>/roles/", crew.crew_panel, name="roles"),
    path("i/<slug:reference>/plan/", crew.plan_panel, name="plan"),
    path("plans/", plans.listing, name="plans"),
    path("plans/new/<slug:slug>/", plans.new, name="plan_new"),
    path("plans/care/<slug:slug>/", plans.set_care, name="plan_care"),
    path("plans/<int:pk>/", plans.edit, name="plan_edit"),
    path("plans/<int:pk>/history/", plans.history, name="plan_history"),
    path("plans/<int:pk>/publish/", plans.publish, name="plan_publish"),
    path("plans/<int:pk>/discard/", plans.discard, name="plan_discard"),
    path("plans/<int:pk>/review/", plans.review, name="plan_review"),
    path("plans/<int:pk>/name/", plans.rename, name="plan_rename"),
    path("plans/<int:pk>/retire/", plans.retire, name="plan_retire"),
]
