"""Accounts say when they end and since when they stand; what is left of a credential is kept."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0002_renewing'),
    ]

    operations = [
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('key', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('left', models.IntegerField()),
                ('limit', models.PositiveIntegerField()),
                ('resets_at', models.DateTimeField(null=True)),
                ('wait_until', models.DateTimeField(null=True)),
                ('told_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='connectedaccount',
            name='connected_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='connectedaccount',
            name='expires_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='connectedaccount',
            name='error',
            field=models.TextField(blank=True),
        ),
    ]
