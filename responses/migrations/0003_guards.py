"""What the database itself refuses, whoever asks: the four eyes and the approved bytes.

Each guard locks the draft's row, so that raw statements too are judged one after the other. The
services lock the draft first (responses/services/locking.py), so the guards never wait for them.
"""

from django.db import migrations

GUARDS = """
CREATE FUNCTION responses_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.draft_id, NEW.number, NEW.text, NEW.sha256, NEW.editor_id, NEW.created_at)
            IS DISTINCT FROM
           (OLD.id, OLD.draft_id, OLD.number, OLD.text, OLD.sha256, OLD.editor_id, OLD.created_at)
        THEN
            RAISE EXCEPTION 'A version is never changed: write a new one.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'version_is_final';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.sha256 <> encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'The digest is not of this text.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'version_digest';
    END IF;
    PERFORM 1 FROM responses_draft WHERE id = NEW.draft_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM responses_version
               WHERE draft_id = NEW.draft_id AND number >= NEW.number) THEN
        RAISE EXCEPTION 'A version comes after those before it.'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'version_order';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_version_guard BEFORE INSERT OR UPDATE ON responses_version
    FOR EACH ROW EXECUTE FUNCTION responses_guard_version();

CREATE FUNCTION responses_guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    draft bigint;
    digest text;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.version_id, NEW.approver_id, NEW.sha256)
            IS DISTINCT FROM (OLD.version_id, OLD.approver_id, OLD.sha256) THEN
        RAISE EXCEPTION 'An approval stays one person''s word on one version.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_is_bound';
    END IF;
    SELECT draft_id, sha256 INTO draft, digest FROM responses_version WHERE id = NEW.version_id;
    IF NEW.sha256 IS DISTINCT FROM digest THEN
        RAISE EXCEPTION 'The approval is not of this version''s bytes.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_digest';
    END IF;
    PERFORM 1 FROM responses_draft WHERE id = draft FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM responses_draft WHERE id = draft AND author_id = NEW.approver_id)
       OR EXISTS (SELECT 1 FROM responses_version
                  WHERE draft_id = draft AND editor_id = NEW.approver_id) THEN
        RAISE EXCEPTION 'Nobody judges what they wrote or changed.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'four_eyes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_approval_guard BEFORE INSERT OR UPDATE ON responses_approval
    FOR EACH ROW EXECUTE FUNCTION responses_guard_approval();

CREATE FUNCTION responses_brand_of(draft bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT i.brand_id FROM responses_draft d JOIN incidents_incident i ON i.id = d.incident_id
    WHERE d.id = draft
$$;

CREATE FUNCTION responses_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT brand_id FROM connectors_connectedaccount WHERE id = NEW.connectedaccount_id)
            IS DISTINCT FROM responses_brand_of(NEW.draft_id) THEN
        RAISE EXCEPTION 'The account belongs to another brand.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_of_the_brand';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_account_guard BEFORE INSERT OR UPDATE ON responses_draft_accounts
    FOR EACH ROW EXECUTE FUNCTION responses_guard_account();

CREATE FUNCTION responses_guard_publication() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v responses_version%ROWTYPE;
    d responses_draft%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.version_id, NEW.account_id, NEW.sha256, NEW.idempotency_key, NEW.reply_to)
            IS DISTINCT FROM
           (OLD.version_id, OLD.account_id, OLD.sha256, OLD.idempotency_key, OLD.reply_to) THEN
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
       OR NOT EXISTS (SELECT 1 FROM responses_approval
                      WHERE version_id = v.id AND verdict = 'APPROVED' AND sha256 = NEW.sha256)
    THEN
        RAISE EXCEPTION 'No standing approval covers these bytes.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_bytes_only';
    END IF;
    IF EXISTS (SELECT 1 FROM responses_publication p
               JOIN responses_version w ON w.id = p.version_id
               WHERE w.draft_id = d.id AND p.account_id = NEW.account_id
                 AND p.id IS DISTINCT FROM NEW.id
                 AND p.state IN ('SENDING', 'SENT', 'UNCERTAIN')) THEN
        RAISE EXCEPTION 'This draft went out through this account already.'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'once_an_account';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_publication_guard BEFORE INSERT OR UPDATE ON responses_publication
    FOR EACH ROW EXECUTE FUNCTION responses_guard_publication();
"""

UNGUARDED = """
DROP TRIGGER responses_publication_guard ON responses_publication;
DROP TRIGGER responses_account_guard ON responses_draft_accounts;
DROP TRIGGER responses_approval_guard ON responses_approval;
DROP TRIGGER responses_version_guard ON responses_version;
DROP FUNCTION responses_guard_publication();
DROP FUNCTION responses_guard_account();
DROP FUNCTION responses_brand_of(bigint);
DROP FUNCTION responses_guard_approval();
DROP FUNCTION responses_guard_version();
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0002_look_at")]

    operations = [migrations.RunSQL(GUARDS, UNGUARDED)]
