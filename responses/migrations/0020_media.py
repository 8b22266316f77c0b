"""Images of drafts: the digest of a version covers them, and their bytes never change.

A version with images has the digest of its text, a zero byte and its list of images with their alt
texts, so one without has the digest that it always had. No text holds a zero byte.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION responses_digest(words text, media text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(words, 'UTF8') ||
        CASE WHEN media = '' THEN ''::bytea
             ELSE '\\x00'::bytea || convert_to(media, 'UTF8') END), 'hex')
$$;

-- Whether every image that a version shows is kept with its draft.
CREATE FUNCTION responses_has_images(draft bigint, media text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT media = '' OR NOT EXISTS (
        SELECT 1 FROM jsonb_array_elements(NULLIF(media, '')::jsonb) AS shown
        WHERE NOT EXISTS (SELECT 1 FROM responses_draftimage i
                          WHERE i.draft_id = draft AND i.sha256 = shown->>'sha256'))
$$;

CREATE OR REPLACE FUNCTION responses_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.draft_id, NEW.number, NEW.text, NEW.cited, NEW.media, NEW.sha256,
            NEW.editor_id, NEW.created_at)
            IS DISTINCT FROM
           (OLD.id, OLD.draft_id, OLD.number, OLD.text, OLD.cited, OLD.media, OLD.sha256,
            OLD.editor_id, OLD.created_at)
        THEN
            RAISE EXCEPTION 'A version is never changed: write a new one.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'version_is_final';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.sha256 <> responses_digest(NEW.text, NEW.media) THEN
        RAISE EXCEPTION 'The digest is not of this text and these images.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'version_digest';
    END IF;
    PERFORM 1 FROM responses_draft WHERE id = NEW.draft_id FOR NO KEY UPDATE;
    IF NOT responses_has_images(NEW.draft_id, NEW.media) THEN
        RAISE EXCEPTION 'An image is not of this draft.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'image_of_the_draft';
    END IF;
    IF EXISTS (SELECT 1 FROM responses_version
               WHERE draft_id = NEW.draft_id AND number >= NEW.number) THEN
        RAISE EXCEPTION 'A version comes after those before it.'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'version_order';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION responses_guard_image() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.draft_id, NEW.sha256, NEW.data, NEW.media_type)
            IS DISTINCT FROM (OLD.draft_id, OLD.sha256, OLD.data, OLD.media_type)
       OR NEW.sha256 <> encode(sha256(NEW.data), 'hex') THEN
        RAISE EXCEPTION 'An image is never changed: attach another one.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'image_is_final';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_image_guard BEFORE INSERT OR UPDATE ON responses_draftimage
    FOR EACH ROW EXECUTE FUNCTION responses_guard_image();

CREATE FUNCTION responses_guard_showing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'SENDING' AND NOT (SELECT responses_has_images(v.draft_id, v.media)
            FROM responses_version v WHERE v.id = NEW.version_id) THEN
        RAISE EXCEPTION 'An image that was approved is not there any more.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_bytes_only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_showing_guard BEFORE INSERT OR UPDATE OF state ON responses_publication
    FOR EACH ROW EXECUTE FUNCTION responses_guard_showing();
"""

UNGUARDED = """
DROP TRIGGER responses_showing_guard ON responses_publication;
DROP FUNCTION responses_guard_showing();
DROP TRIGGER responses_image_guard ON responses_draftimage;
DROP FUNCTION responses_guard_image();
DROP TRIGGER responses_version_guard ON responses_version;
DROP FUNCTION responses_guard_version();
DROP FUNCTION responses_has_images(bigint, text);
DROP FUNCTION responses_digest(text, text);
"""


def guard(apps, editor) -> None:
    editor.execute(GUARDS, params=None)


def guard_as_before(apps, editor) -> None:
    """Put the version's guard of 0008 back: it knows nothing of images."""
    editor.execute(UNGUARDED, params=None)
    whole = import_module("responses.migrations.0008_steps_guarded").GUARDS
    editor.execute(whole.partition("CREATE FUNCTION responses_wrote")[0], params=None)
    editor.execute(
        "CREATE TRIGGER responses_version_guard BEFORE INSERT OR UPDATE ON responses_version"
        " FOR EACH ROW EXECUTE FUNCTION responses_guard_version()",
        params=None,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("responses", "0019_answers_guarded"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("version", "media", models.TextField(blank=True, default="")),
        migrations.CreateModel(
            name="DraftImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("media_type", models.CharField(max_length=20)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                ("uploaded_at", models.DateTimeField()),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="images",
                        to="responses.draft",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.AddConstraint(
            "draftimage",
            models.UniqueConstraint(fields=("draft", "sha256"), name="one_image_a_digest"),
        ),
        migrations.RunPython(guard, guard_as_before),
    ]
