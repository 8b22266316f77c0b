from django.urls import path

from .views import follow_ups, panels

app_name = "reviews"

urlpatterns = [
    path("i/<slug:reference>/review/effects/", panels.effects, name="effects"),
    path("i/<slug:reference>/review/handling/", panels.handling, name="handling"),
    path("follow-ups/", follow_ups.all_follow_ups, name="all_follow_ups"),
    path("i/<slug:reference>/follow-ups/", follow_ups.follow_ups, name="follow_ups"),
    path(
        "i/<slug:reference>/follow-ups/<int:pk>/settle/",
        follow_ups.settle_follow_up,
        name="settle_follow_up",
    ),
    path("i/<slug:reference>/lessons/", panels.lessons, name="lessons"),
    path("i/<slug:reference>/lessons/<int:pk>/remove/", panels.remove, name="remove_lesson"),
]
