"""What Google's networks share: tokens of people and of service accounts, and errors."""

from connectors.consent import Consent


def consent(scope: str) -> Consent:
    """Google's page for one scope. Without "consent" a second time brings no refresh token."""
    return Consent(
        page="https://accounts.google.com/o/oauth2/v2/auth",
        tokens="https://oauth2.googleapis.com/token",
        scopes=(f"https://www.googleapis.com/auth/{scope}",),
        basic=False,
        pkce=True,
        more=(("access_type", "offline"), ("prompt", "consent")),
    )
