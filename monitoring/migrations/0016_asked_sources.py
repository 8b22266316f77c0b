from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that nothing used gets a use, and its name with it; the table stays as it is."""

    dependencies = [("monitoring", "0015_replayed_sources")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("source", "polled_at", "asked_at"),
                migrations.AlterField(
                    "source",
                    "asked_at",
                    models.DateTimeField(db_column="polled_at", null=True),
                ),
            ]
        )
    ]
