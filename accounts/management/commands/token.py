"""`manage.py token EMAIL [--name NAME]`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services import issue_token


class Command(BaseCommand):
    help = "Makes a token for the API that acts as the user, and prints it: once, and only now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="command line", help="what the token is for")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError(f"There is no user with the e-mail {options['email']}.") from None
        if not user.is_active:
            raise CommandError(f"{user.email} is not active: a token would not work.")
        _token, secret = issue_token(user, name=options["name"])
        self.stdout.write(secret)
