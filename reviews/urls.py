from django.urls import path

from . import views

app_name = "reviews"

urlpatterns = [
    path("i/<slug:reference>/review/effects/", views.effects, name="effects"),
    path("i/<slug:reference>/review/handling/", views.handling, name="handling"),
    path("i/<slug:reference>/lessons/", views.lessons, name="lessons"),
    path("i/<slug:reference>/lessons/<int:pk>/remove/", views.remove, name="remove_lesson"),
]
