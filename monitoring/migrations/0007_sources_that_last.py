"""What is known of a source's health, its stream, of authors who left, and of what was shown."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0006_triage'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='expires_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='gap_from',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='gap_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='lag',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='stopped_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='streamed_by',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='streamed_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='source',
            name='error',
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name='source',
            name='kind',
            field=models.CharField(max_length=40, verbose_name='kind'),
        ),
        migrations.CreateModel(
            name='HiddenAuthor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author_id', models.TextField()),
                ('gone', models.BooleanField()),
                ('at', models.DateTimeField()),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='monitoring.source')),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='author_state_age')],
                'constraints': [models.UniqueConstraint(fields=('source', 'author_id'), name='one_state_an_author')],
            },
        ),
        migrations.CreateModel(
            name='ShownMention',
            fields=[
                ('mention_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('published_at', models.DateTimeField()),
                ('shown_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField()),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='monitoring.source')),
            ],
            options={
                'indexes': [models.Index(fields=['source', 'asked_at'], name='shown_unasked'), models.Index(fields=['shown_at'], name='shown_age')],
            },
        ),
    ]
