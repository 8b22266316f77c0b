"""A source knows the longest pause between its mentions."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0012_second_look'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='pause',
            field=models.FloatField(null=True),
        ),
    ]
