"""A source knows the longest pause between its mentions."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0011_what_sources_left_out'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='pause',
            field=models.FloatField(null=True),
        ),
    ]
