"""Credentials are renewed by one process at a time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0001_initial")]

    operations = [
        migrations.AddField("connectedaccount", "renewing_until", models.DateTimeField(null=True))
    ]
