"""Queries are written in a language of their own, are of several kinds, and are counted each."""

from django.db import migrations, models
from django.utils import timezone

VERSION = """
CREATE FUNCTION monitoring_note_query() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    brand bigint;
BEGIN
    FOREACH brand IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.brand_id]
        WHEN 'DELETE' THEN ARRAY[OLD.brand_id]
        ELSE ARRAY[least(OLD.brand_id, NEW.brand_id), greatest(OLD.brand_id, NEW.brand_id)] END
    LOOP
        INSERT INTO monitoring_queryversion (brand_id, stamp) VALUES (brand, gen_random_uuid())
            ON CONFLICT (brand_id) DO UPDATE SET stamp = excluded.stamp;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER monitoring_query_version AFTER INSERT OR UPDATE OR DELETE ON monitoring_query
    FOR EACH ROW EXECUTE FUNCTION monitoring_note_query();
INSERT INTO monitoring_queryversion (brand_id, stamp)
    SELECT DISTINCT brand_id, gen_random_uuid() FROM monitoring_query;
"""
_BACK = """
DROP TRIGGER monitoring_query_version ON monitoring_query;
DROP FUNCTION monitoring_note_query();
"""


def write_expressions(apps, _editor):
    """What were lists of words become an expression: (any) AND all AND NOT none."""
    for query in apps.get_model("monitoring", "Query").objects.all():
        parts = [_quoted(word) for word in query.all_of]
        if query.any_of:
            parts.insert(0, _either(query.any_of))
        if query.none_of:
            parts.append(f"NOT {_either(query.none_of)}")
        query.expression = " AND ".join(parts)
        query.save(update_fields=["expression"])


def write_lists(apps, _editor):
    """Only what was asked for can be kept, as one phrase; lists say no more."""
    for query in apps.get_model("monitoring", "Query").objects.all():
        query.any_of = [query.expression.strip('"')]
        query.save(update_fields=["any_of"])


def _either(words):
    either = " OR ".join(_quoted(word) for word in words)
    return f"({either})" if len(words) > 1 else either


def _quoted(word):
    return '"' + "".join("\\" + char if char in '\\"“”„«»*?' else char for char in str(word)) + '"'


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0007_sources_that_last")]

    operations = [
        migrations.AddField("query", "expression", models.TextField(default="", verbose_name="query")),
        migrations.AddField(
            "query",
            "kind",
            models.CharField(
                choices=[
                    ("brand", "Brand"),
                    ("watch", "Watch list"),
                    ("topic", "Industry topic"),
                    ("competitor", "Competitor"),
                ],
                default="brand",
                max_length=12,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            "query",
            "watched",
            models.CharField(
                blank=True,
                choices=[
                    ("executives", "Executives"),
                    ("products", "Products"),
                    ("campaigns", "Campaigns"),
                    ("suppliers", "Suppliers"),
                    ("misspellings", "Misspellings"),
                ],
                default="",
                max_length=12,
                verbose_name="watch list",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "query",
            "created_at",
            models.DateTimeField(auto_now_add=True, default=timezone.now),
            preserve_default=False,
        ),
        migrations.AddField("query", "changed_at", models.DateTimeField(auto_now=True)),
        migrations.RunPython(write_expressions, write_lists),
        migrations.RemoveField("query", "any_of"),
        migrations.RemoveField("query", "all_of"),
        migrations.RemoveField("query", "none_of"),
        migrations.AlterField("query", "expression", models.TextField(verbose_name="query")),
        migrations.AlterField(
            "query", "is_active", models.BooleanField(default=True, verbose_name="active")
        ),
        migrations.CreateModel(
            "QueryVersion",
            [
                ("brand_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("stamp", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            "QueryCount",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("total", models.PositiveIntegerField(default=0)),
                ("negative", models.PositiveIntegerField(default=0)),
                ("positive", models.PositiveIntegerField(default=0)),
                ("reach", models.BigIntegerField(default=0)),
                (
                    "query",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.deletion.CASCADE,
                        related_name="counts",
                        to="monitoring.query",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "querycount",
            models.UniqueConstraint(fields=["query", "hour"], name="one_query_count_an_hour"),
        ),
        migrations.RunSQL(VERSION, _BACK),
    ]
