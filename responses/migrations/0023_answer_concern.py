"""Each answer says whose it is, so that nobody gets a concern's answer twice."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0003_accounts_and_budgets'),
        ('responses', '0022_unsaved_age'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='answer',
            name='concern',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='responses.concern'),
        ),
        migrations.AddField(
            model_name='answer',
            name='kind',
            field=models.CharField(blank=True, choices=[('ANSWER', 'The answer'), ('FIXED', 'It is put right')], max_length=8),
        ),
        # At once, or the table would have checks pending and take no constraint.
        migrations.RunSQL(
            """
            SET CONSTRAINTS ALL IMMEDIATE;
            UPDATE responses_answer AS a SET concern_id = r.concern_id, kind = r.kind
            FROM responses_answerrun AS r WHERE r.id = a.run_id;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.UniqueConstraint(condition=models.Q(('concern__isnull', False), ('state__in', ('QUEUED', 'SENDING', 'SENT', 'UNCERTAIN'))), fields=('concern', 'kind', 'person'), name='one_answer_a_concern'),
        ),
    ]
