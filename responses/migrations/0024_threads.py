"""Texts that go out as threads: the digest of a version covers its parts, as they go out.

A version without threads has the digest that it always had. Each part is a publication of its own
that leaves once the one before it is out, and no other version of the draft follows a part of this.
"""

from importlib import import_module

from django.db import migrations, models

GUARDS = """
CREATE FUNCTION responses_digest(words text, media text, parts text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN parts = '' THEN responses_digest(words, media)
        ELSE encode(sha256(convert_to(words, 'UTF8') || '\\x00'::bytea ||
            convert_to(media, 'UTF8') || '\\x00'::bytea || convert_to(parts, 'UTF8')), 'hex') END
$$;

CREATE OR REPLACE FUNCTION responses_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.draft_id, NEW.number, NEW.text, NEW.cited, NEW.media, NEW.parts,
            NEW.sha256, NEW.editor_id, NEW.created_at)
            IS DISTINCT FROM
           (OLD.id, OLD.draft_id, OLD.number, OLD.text, OLD.cited, OLD.media, OLD.parts,
            OLD.sha256, OLD.editor_id, OLD.created_at)
        THEN
            RAISE EXCEPTION 'A version is never changed: write a new one.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'version_is_final';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.sha256 <> responses_digest(NEW.text, NEW.media, NEW.parts) THEN
        RAISE EXCEPTION 'The digest is not of this text, these images and these parts.'
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

CREATE OR REPLACE FUNCTION responses_guard_publication() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v responses_version%ROWTYPE;
    d responses_draft%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.version_id, NEW.account_id, NEW.part, NEW.sha256, NEW.idempotency_key, NEW.reply_to)
            IS DISTINCT FROM
           (OLD.version_id, OLD.account_id, OLD.part, OLD.sha256, OLD.idempotency_key, OLD.reply_to) THEN
            RAISE EXCEPTION 'What a publication says, and where, is never changed.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_is_bound';
        END IF;
        IF NEW.state = OLD.state THEN
            RETURN NEW;
        END IF;
        IF NOT (OLD.state || '>' || NEW.state = ANY (ARRAY[
                'QUEUED>SENDING', 'QUEUED>FAILED', 'QUEUED>CANCELLED',
                'SENDING>SENT', 'SENDING>FAILED', 'SENDING>UNCERTAIN', 'SENDING>QUEUED',
                'SENDING>CANCELLED', 'UNCERTAIN>SENT', 'UNCERTAIN>FAILED',
                'FAILED>QUEUED', 'FAILED>CANCELLED', 'CANCELLED>QUEUED'])) THEN
            RAISE EXCEPTION 'A publication does not go from % to %.', OLD.state, NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_moves';
        END IF;
        IF NEW.state <> 'SENDING' THEN
            RETURN NEW;
        END IF;
    END IF;
    SELECT * INTO v FROM responses_version WHERE id = NEW.version_id;
    SELECT * INTO d FROM responses_draft WHERE id = v.draft_id FOR NO KEY UPDATE;
    IF (SELECT brand_id FROM connectors_connectedaccount WHERE id = NEW.account_id)
            IS DISTINCT FROM responses_brand_of(d.id) THEN
        RAISE EXCEPTION 'The account belongs to another brand.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_of_the_brand';
    END IF;
    IF NEW.sha256 IS DISTINCT FROM v.sha256
       OR d.state <> 'APPROVED'
       OR EXISTS (SELECT 1 FROM responses_version
                  WHERE draft_id = d.id AND number > v.number)
       OR NOT responses_is_covered(v.id, NEW.sha256)
    THEN
        RAISE EXCEPTION 'No standing approval covers these bytes.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_bytes_only';
    END IF;
    IF NEW.part NOT BETWEEN 1 AND COALESCE(jsonb_array_length(
            NULLIF(v.parts, '')::jsonb -> NEW.account_id::text), 1) THEN
        RAISE EXCEPTION 'The version that was approved has no such part.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_bytes_only';
    END IF;
    IF NEW.part > 1 AND d.act = 'POST' AND NEW.state IN ('SENDING', 'SENT', 'UNCERTAIN')
       AND NOT EXISTS (SELECT 1 FROM responses_publication b
                       WHERE b.version_id = NEW.version_id AND b.account_id = NEW.account_id
                         AND b.part = NEW.part - 1 AND b.state = 'SENT' AND b.external_id <> '')
    THEN
        RAISE EXCEPTION 'A part goes out once the one before it is out.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'parts_in_order';
    END IF;
    IF EXISTS (SELECT 1 FROM responses_publication p
               JOIN responses_version w ON w.id = p.version_id
               WHERE w.draft_id = d.id AND p.account_id = NEW.account_id
                 AND p.id IS DISTINCT FROM NEW.id
                 AND (p.version_id <> NEW.version_id OR p.part = NEW.part)
                 AND p.state IN ('SENDING', 'SENT', 'UNCERTAIN')) THEN
        RAISE EXCEPTION 'This draft went out through this account already.'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'once_an_account';
    END IF;
    RETURN NEW;
END $$;
"""


def guard(apps, editor) -> None:
    editor.execute(GUARDS, params=None)


def guard_as_before(apps, editor) -> None:
    """Put the guards of 0020 and 0008 back: they know nothing of parts."""
    for place, name in (
        ("0020_media", "responses_guard_version"),
        ("0008_steps_guarded", "responses_guard_publication"),
    ):
        whole = import_module(f"responses.migrations.{place}").GUARDS
        _head, begin, tail = whole.partition(f"CREATE OR REPLACE FUNCTION {name}")
        body, end, _rest = tail.partition("END $$;")
        editor.execute(begin + body + end, params=None)
    editor.execute("DROP FUNCTION responses_digest(text, text, text)", params=None)


class Migration(migrations.Migration):
    dependencies = [("responses", "0023_answer_concern")]

    operations = [
        migrations.AddField(
            "draft", "thread", models.BooleanField(default=False, db_default=False)
        ),
        migrations.AddField(
            "version", "parts", models.TextField(blank=True, default="", db_default="")
        ),
        migrations.AddField(
            "publication", "part", models.PositiveSmallIntegerField(default=1, db_default=1)
        ),
        migrations.RemoveConstraint("publication", "one_publication_an_account"),
        migrations.AddConstraint(
            "publication",
            models.UniqueConstraint(
                fields=("version", "account", "part"), name="one_publication_a_part"
            ),
        ),
        migrations.RunPython(guard, guard_as_before),
    ]
