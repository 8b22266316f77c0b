"""Images on the statement page: their bytes are kept with the statement and never change."""

import django.db.models.deletion
from django.db import migrations, models

GUARD = """
CREATE FUNCTION responses_guard_statement_image() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' OR NEW.sha256 <> encode(sha256(NEW.data), 'hex') THEN
        RAISE EXCEPTION 'What was shown stays.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_image_is_final';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_statement_image_guard
    BEFORE INSERT OR UPDATE OR DELETE ON responses_statementimage
    FOR EACH ROW EXECUTE FUNCTION responses_guard_statement_image();
"""
NO_GUARD = """
DROP TRIGGER responses_statement_image_guard ON responses_statementimage;
DROP FUNCTION responses_guard_statement_image();
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0024_threads")]

    operations = [
        migrations.CreateModel(
            name="StatementImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("media_type", models.CharField(max_length=20)),
                ("data", models.BinaryField()),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="images",
                        to="responses.statement",
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.AddConstraint(
            "statementimage",
            models.UniqueConstraint(
                fields=("statement", "sha256"), name="one_statement_image_a_digest"
            ),
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
