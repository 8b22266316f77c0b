"""The pages of this room."""

from django.urls import path

from .views import accounts, approvals, drafts, panels, publications, reply

app_name = "responses"
DRAFT = "i/<str:reference>/drafts/<int:number>/"
ACCOUNT = "settings/accounts/<int:pk>/"

urlpatterns = [
    path("respond/", drafts.respond, name="respond"),
    path("mentions/reply/", reply.reply, name="reply"),
    path("i/<str:reference>/drafts/new/", drafts.new, name="new"),
    path("i/<str:reference>/drafts/panel/", panels.drafts, name="panel"),
    path("i/<str:reference>/drafts/published/", panels.published, name="published"),
    path(DRAFT, drafts.draft, name="draft"),
    path(DRAFT + "preview/", drafts.preview, name="preview"),
    path(DRAFT + "submit/", drafts.submit, name="submit"),
    path(DRAFT + "drop/", drafts.drop, name="drop"),
    path(DRAFT + "approve/", approvals.approve, name="approve"),
    path(DRAFT + "changes/", approvals.ask_changes, name="ask_changes"),
    path(DRAFT + "undo/", approvals.undo, name="undo"),
    path("approvals/", approvals.inbox, name="approvals"),
    path("approvals/<str:reference>/<int:number>/", approvals.approval, name="approval"),
    path("publications/<int:pk>/settle/", publications.settle, name="settle"),
    path("publications/<int:pk>/retry/", publications.retry, name="retry"),
    path("publications/<int:pk>/withdraw/", publications.withdraw, name="withdraw"),
    path("settings/accounts/", accounts.listing, name="accounts"),
    path("settings/accounts/new/<slug:brand>/<slug:network>/", accounts.new, name="account_new"),
    path(ACCOUNT + "test/", accounts.test, name="account_test"),
    path(ACCOUNT + "secret/", accounts.secret, name="account_secret"),
    path(ACCOUNT + "deactivate/", accounts.deactivate, name="account_deactivate"),
    path(ACCOUNT + "activate/", accounts.activate, name="account_activate"),
]
