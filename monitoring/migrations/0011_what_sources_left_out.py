"""A source remembers what its network could not give."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0010_signals'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='left_out',
            field=models.JSONField(default=list),
        ),
    ]
