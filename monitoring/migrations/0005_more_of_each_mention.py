"""What is known of a mention grows: further marks, who answers what, stars, edits, queries."""

from django.db import migrations, models

COLUMNS = """
ALTER TABLE monitoring_mention
    ADD lang_confidence real NOT NULL DEFAULT 0,
    ADD crisis_confidence real NOT NULL DEFAULT 0,
    ADD emotion varchar(16) NOT NULL DEFAULT 'none',
    ADD emotion_confidence real NOT NULL DEFAULT 0,
    ADD blame varchar(10) NOT NULL DEFAULT 'nobody',
    ADD blame_confidence real NOT NULL DEFAULT 0,
    ADD question boolean NOT NULL DEFAULT false,
    ADD suspicion real NOT NULL DEFAULT 0,
    ADD fingerprint bigint NOT NULL DEFAULT 0,
    ADD tier smallint NOT NULL DEFAULT 1,
    ADD author_id text NOT NULL DEFAULT '',
    ADD parent_id text NOT NULL DEFAULT '',
    ADD stars real,
    ADD edited_at timestamptz,
    ADD gone_at timestamptz,
    ADD about varchar(10) NOT NULL DEFAULT 'brand',
    ADD queries integer[] NOT NULL DEFAULT '{}';
"""
_BACK = """
ALTER TABLE monitoring_mention
    DROP lang_confidence, DROP crisis_confidence, DROP emotion, DROP emotion_confidence,
    DROP blame, DROP blame_confidence, DROP question, DROP suspicion, DROP fingerprint, DROP tier,
    DROP author_id, DROP parent_id, DROP stars, DROP edited_at, DROP gone_at, DROP about,
    DROP queries;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0002_renewing"),
        ("monitoring", "0004_late_mentions"),
    ]

    operations = [
        migrations.RunSQL(COLUMNS, _BACK),
        migrations.AddField(
            "seenmention", "published_at", models.DateTimeField(null=True)
        ),
        migrations.AddField(
            "source",
            "account",
            models.ForeignKey(
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="sources",
                to="connectors.connectedaccount",
            ),
        ),
    ]
