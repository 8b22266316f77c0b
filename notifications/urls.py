from django.urls import path

from .views import answer, channels, inbox, replies, ways

app_name = "notifications"

urlpatterns = [
    path("notices/", inbox.inbox, name="inbox"),
    path("notices/bell/", inbox.bell, name="bell"),
    path("notices/read/", inbox.read_all, name="read_all"),
    path("notices/<int:pk>/read/", inbox.read, name="read"),
    path("answer/<str:token>/", answer.answer, name="answer"),
    path("hooks/replies/", replies.reply, name="replies"),
    path("push-worker.js", ways.worker, name="worker"),
    path("settings/notices/", ways.ways, name="ways"),
    path("settings/notices/health/", ways.health, name="health"),
    path("settings/notices/device/", ways.device, name="device"),
    path("settings/notices/ring/", ways.ring, name="ring_mail"),
    path("settings/notices/preferences/", ways.preferences, name="preferences"),
    path("settings/notices/new/<slug:service>/", ways.address_new, name="address_new"),
    path("settings/notices/<int:pk>/code/", ways.address_code, name="address_code"),
    path("settings/notices/<int:pk>/again/", ways.address_again, name="address_again"),
    path("settings/notices/<int:pk>/ring/", ways.ring, name="ring"),
    path("settings/notices/<int:pk>/remove/", ways.address_remove, name="address_remove"),
    path("settings/notices/orders/new/", ways.rule, name="rule_new"),
    path("settings/notices/orders/<int:pk>/", ways.rule, name="rule"),
    path("settings/notices/orders/<int:pk>/remove/", ways.rule_remove, name="rule_remove"),
    path("settings/channels/", channels.listing, name="channels"),
    path("settings/channels/<slug:slug>/new/", channels.new, name="channel_new"),
    path("settings/channels/<int:pk>/remove/", channels.remove, name="channel_remove"),
    path("settings/channels/<int:pk>/test/", channels.test, name="channel_test"),
]
