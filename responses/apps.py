from django.apps import AppConfig


class ResponsesConfig(AppConfig):
    name = "responses"

    def ready(self) -> None:
        # Each registers what it has.
<<<<<<< HEAD
        from . import blocking, citing, entries, handing, loops, messages, pack, panels  # noqa: F401
=======
        from . import citing, entries, handing, loops, messages, pack, panels  # noqa: F401
        from .services.statement import press  # noqa: F401
>>>>>>> 9cc58d9 (The statement page: signed entries through the outbox, exported as files, served by a process of its own)
