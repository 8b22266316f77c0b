"""The database connection. See core.live for why a number must be taken inside the transaction."""

from django.db.backends.postgresql import base

from core import live


class DatabaseWrapper(base.DatabaseWrapper):
    def _commit(self) -> None:
        # Only callbacks that no rolled-back savepoint has dropped are left here by now.
        calls = [entry[1] for entry in self.run_on_commit]
        frames = [call for call in calls if isinstance(call, live.Frame)]
        if frames and self.connection is not None:
            live.take_numbers(self, frames)
        super()._commit()  # type: ignore[misc]
