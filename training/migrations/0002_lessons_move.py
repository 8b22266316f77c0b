from django.db import migrations


class Migration(migrations.Migration):
    """Lessons are the reviews room's from here on; their table stays."""

    dependencies = [("training", "0001_initial"), ("reviews", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Lesson")])
    ]
