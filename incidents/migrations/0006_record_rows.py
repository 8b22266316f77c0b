"""What the record's tables begin with, for incidents of before."""

from django.db import migrations

# Decisions of before were lines of the timeline only.
DECISIONS = """
INSERT INTO incidents_decision
    (incident_id, number, entry_id, text, reason, rejected, owner_id, by_id, decided_at)
SELECT incident_id, row_number() OVER (PARTITION BY incident_id ORDER BY number), id, text, '', '',
    actor_id, actor_id, at
FROM incidents_timelineentry WHERE kind = 'DECISION'
"""
# Open incidents of before get the timers that new ones begin with.
TIMERS = """
INSERT INTO incidents_timer (incident_id, kind, since, due_at, stage, failures)
SELECT id, 'SILENCE', coalesce(responded_at, detected_at), respond_by, 0, 0
FROM incidents_incident WHERE state <> 'RESOLVED' AND responded_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0005_record")]
    operations = [
        migrations.RunSQL(DECISIONS, migrations.RunSQL.noop),
        migrations.RunSQL(TIMERS, migrations.RunSQL.noop),
    ]
