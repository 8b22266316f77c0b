"""Pages of the accounts by which brands read and publish."""

from django.urls import path

from . import views

app_name = "connectors"
ACCOUNT = "settings/accounts/<int:pk>/"

urlpatterns = [
    path("settings/accounts/", views.listing, name="accounts"),
    path("settings/accounts/new/", views.choose, name="account_choose"),
    path("settings/accounts/new/<slug:brand>/<slug:network>/", views.new, name="account_new"),
    path("settings/networks/<slug:network>/", views.guide, name="guide"),
    path(ACCOUNT, views.account, name="account"),
    path("settings/accounts/granted/", views.granted, name="granted"),
    path(ACCOUNT + "grant/", views.grant, name="account_grant"),
    path(ACCOUNT + "test/", views.test, name="account_test"),
    path(ACCOUNT + "secret/", views.secret, name="account_secret"),
    path(ACCOUNT + "deactivate/", views.deactivate, name="account_deactivate"),
    path(ACCOUNT + "activate/", views.activate, name="account_activate"),
]
