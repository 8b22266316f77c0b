"""The API's addresses of crisis plans, roles and tasks."""

from django.urls import path

from . import api_crew, api_plans

plans = [
    path("plans/", api_plans.PlansView.as_view(), name="plans"),
    path("plans/<int:pk>/", api_plans.PlanView.as_view(), name="plan"),
    path("plans/<int:pk>/versions/", api_plans.PlanVersionsView.as_view(), name="plan_versions"),
    path("plans/<int:pk>/practice/", api_plans.PlanPracticeView.as_view(), name="plan_practice"),
    path("plans/<int:pk>/publish/", api_plans.PlanPublishView.as_view(), name="plan_publish"),
    path("plans/<int:pk>/review/", api_plans.PlanReviewView.as_view(), name="plan_review"),
    path("incidents/<slug:reference>/roles/", api_crew.RolesView.as_view(), name="roles"),
    path("incidents/<slug:reference>/tasks/", api_crew.TasksView.as_view(), name="tasks"),
    path("incidents/<slug:reference>/tasks/<int:pk>/", api_crew.TaskView.as_view(), name="task"),
    path(
        "incidents/<slug:reference>/tasks/<int:pk>/claim/",
        api_crew.TaskClaimView.as_view(),
        name="task_claim",
    ),
    path(
        "incidents/<slug:reference>/plan/",
        api_crew.IncidentPlanView.as_view(),
        name="run_plan",
    ),
    path("incidents/<slug:reference>/scores/", api_crew.ScoreView.as_view(), name="scores"),
]
