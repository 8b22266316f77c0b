from django.urls import path

from .views import audit, brands, door, settings

app_name = "accounts"

urlpatterns = [
    path("start/", door.start, name="start"),
    path("sign-in/", door.SignIn.as_view(), name="sign_in"),
    path("sign-out/", door.SignOut.as_view(), name="sign_out"),
    path("invitation/<str:secret>/", door.invitation, name="invitation"),
    path("language/", settings.language, name="language"),
    path("theme/", settings.theme, name="theme"),
    path("settings/", settings.index, name="settings"),
    path("settings/profile/", settings.profile, name="profile"),
    path("settings/password/", settings.password, name="password"),
    path("settings/tokens/", settings.tokens, name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", settings.token_revoke, name="token_revoke"),
    path("settings/audit/", audit.audit, name="audit"),
    path("settings/brands/", brands.brands, name="brands"),
    path("settings/brands/new/", brands.brand_new, name="brand_new"),
    path("settings/brands/<slug:slug>/", brands.brand, name="brand"),
    path("settings/brands/<slug:slug>/people/", brands.people, name="people"),
    path(
        "settings/brands/<slug:slug>/people/<int:pk>/role/", brands.member_role, name="member_role"
    ),
    path(
        "settings/brands/<slug:slug>/people/<int:pk>/remove/",
        brands.member_remove,
        name="member_remove",
    ),
    path(
        "settings/brands/<slug:slug>/invitations/<int:pk>/withdraw/",
        brands.invitation_withdraw,
        name="invitation_withdraw",
    ),
]
