"""The title becomes optional: what the desk opens is named in the reader's language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial")]

    operations = [
        migrations.RenameField("incident", "title", "given_title"),
        migrations.AlterField(
            "incident",
            "given_title",
            models.CharField(blank=True, max_length=200, verbose_name="title"),
        ),
    ]
