"""The guards know of steps: nothing goes out before each is covered, or two people broke the glass.

As in 0003 each guard locks the draft's row first, so raw statements are judged one after the other.
Drafts that wait for an approval get the one step that they have been waiting for all along.
"""

from importlib import import_module

from django.db import migrations

GUARDS = """
CREATE OR REPLACE FUNCTION responses_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.draft_id, NEW.number, NEW.text, NEW.cited, NEW.sha256, NEW.editor_id,
            NEW.created_at)
            IS DISTINCT FROM
           (OLD.id, OLD.draft_id, OLD.number, OLD.text, OLD.cited, OLD.sha256, OLD.editor_id,
            OLD.created_at)
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

CREATE FUNCTION responses_wrote(draft bigint, person bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM responses_draft WHERE id = draft AND author_id = person)
        OR EXISTS (SELECT 1 FROM responses_version WHERE draft_id = draft AND editor_id = person)
$$;

CREATE OR REPLACE FUNCTION responses_guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    draft bigint;
    digest text;
    link responses_approvallink%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.version_id, NEW.approver_id, NEW.link_id, NEW.sha256)
            IS DISTINCT FROM (OLD.version_id, OLD.approver_id, OLD.link_id, OLD.sha256) THEN
        RAISE EXCEPTION 'An approval stays one person''s word on one version.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_is_bound';
    END IF;
    SELECT draft_id, sha256 INTO draft, digest FROM responses_version WHERE id = NEW.version_id;
    IF NEW.sha256 IS DISTINCT FROM digest THEN
        RAISE EXCEPTION 'The approval is not of this version''s bytes.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_digest';
    END IF;
    PERFORM 1 FROM responses_draft WHERE id = draft FOR NO KEY UPDATE;
    IF NEW.link_id IS NOT NULL THEN
        SELECT * INTO link FROM responses_approvallink WHERE id = NEW.link_id;
        IF link.version_id <> NEW.version_id OR link.sha256 <> NEW.sha256 THEN
            RAISE EXCEPTION 'The link was for other bytes.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_digest';
        END IF;
    END IF;
    IF responses_wrote(draft, COALESCE(NEW.approver_id, link.asked_by_id)) THEN
        RAISE EXCEPTION 'Nobody judges what they wrote or changed.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'four_eyes';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION responses_guard_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (
            (NEW.step_id, NEW.version_id, NEW.sha256, NEW.name, NEW.asked_by_id, NEW.expires_at)
            IS DISTINCT FROM
            (OLD.step_id, OLD.version_id, OLD.sha256, OLD.name, OLD.asked_by_id, OLD.expires_at)
            OR OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at) THEN
        RAISE EXCEPTION 'Whom a link asks, and about what, is never changed.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'link_is_bound';
    END IF;
    IF NEW.sha256 IS DISTINCT FROM
            (SELECT sha256 FROM responses_version WHERE id = NEW.version_id) THEN
        RAISE EXCEPTION 'The link is not about this version''s bytes.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_digest';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_link_guard BEFORE INSERT OR UPDATE ON responses_approvallink
    FOR EACH ROW EXECUTE FUNCTION responses_guard_link();

CREATE FUNCTION responses_guard_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.version_id, NEW.position, NEW.stage, NEW.mode, NEW.people, NEW.crew, NEW.roles,
        NEW.deputies)
        IS DISTINCT FROM
       (OLD.version_id, OLD.position, OLD.stage, OLD.mode, OLD.people, OLD.crew, OLD.roles,
        OLD.deputies)
       OR OLD.needed IS NOT NULL AND NEW.needed < OLD.needed
       OR OLD.state = 'VOID' AND NEW.state <> 'VOID' THEN
        RAISE EXCEPTION 'A step stays as it was when the draft was submitted.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'step_is_bound';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_step_guard BEFORE UPDATE ON responses_approvalstep
    FOR EACH ROW EXECUTE FUNCTION responses_guard_step();

CREATE FUNCTION responses_guard_glass() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v responses_version%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.second_id IS NOT NULL OR
            (NEW.version_id, NEW.sha256, NEW.first_id, NEW.first_at, NEW.reason)
            IS DISTINCT FROM
            (OLD.version_id, OLD.sha256, OLD.first_id, OLD.first_at, OLD.reason)) THEN
        RAISE EXCEPTION 'Who broke the glass, and why, is never changed.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'glass_is_bound';
    END IF;
    SELECT * INTO v FROM responses_version WHERE id = NEW.version_id;
    PERFORM 1 FROM responses_draft WHERE id = v.draft_id FOR NO KEY UPDATE;
    IF NEW.sha256 IS DISTINCT FROM v.sha256 THEN
        RAISE EXCEPTION 'The glass was broken for other bytes.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_digest';
    END IF;
    IF NEW.first_id = NEW.second_id OR responses_wrote(v.draft_id, NEW.first_id)
       OR responses_wrote(v.draft_id, NEW.second_id) THEN
        RAISE EXCEPTION 'It takes two people, neither of whom wrote or changed it.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'four_eyes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_glass_guard BEFORE INSERT OR UPDATE ON responses_brokenglass
    FOR EACH ROW EXECUTE FUNCTION responses_guard_glass();

-- Whether a version's bytes may go out: each step has its approvals, or the glass was broken.
CREATE FUNCTION responses_is_covered(version bigint, digest text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM responses_brokenglass g
                   WHERE g.version_id = version AND g.sha256 = digest AND g.second_id IS NOT NULL)
        OR EXISTS (SELECT 1 FROM responses_approval a
                   WHERE a.version_id = version AND a.verdict = 'APPROVED' AND a.sha256 = digest
                     AND (a.expires_at IS NULL OR a.expires_at > clock_timestamp()))
           AND NOT EXISTS (
                SELECT 1 FROM responses_approvalstep s
                WHERE s.version_id = version AND s.state <> 'VOID' AND (
                    s.needed IS NULL OR s.needed > (
                        SELECT count(DISTINCT a.id) FROM responses_stepapproval c
                        JOIN responses_approval a ON a.id = c.approval_id
                        WHERE c.step_id = s.id AND a.version_id = s.version_id
                          AND a.verdict = 'APPROVED' AND a.sha256 = digest
                          AND (a.expires_at IS NULL OR a.expires_at > clock_timestamp()))))
$$;

CREATE OR REPLACE FUNCTION responses_guard_publication() RETURNS trigger LANGUAGE plpgsql AS $$
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
       OR NOT responses_is_covered(v.id, NEW.sha256)
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

INSERT INTO responses_approvalstep (version_id, position, stage, name, mode, people, crew, roles,
    deputies, wait, lasts, state, needed, asked, reached, opened_at)
SELECT v.id, 0, 0, '', 'ANY', '[]', '[]', '["ADMINISTRATOR", "LEAD", "APPROVER"]', '[]', 0, 0,
    'OPEN', 1, '[]', 0, COALESCE(d.submitted_at, now())
FROM responses_draft d JOIN responses_version v ON v.draft_id = d.id AND v.number = d.version
WHERE d.state = 'SUBMITTED';
"""

UNGUARDED = """
DROP TRIGGER responses_glass_guard ON responses_brokenglass;
DROP TRIGGER responses_step_guard ON responses_approvalstep;
DROP TRIGGER responses_link_guard ON responses_approvallink;
DROP FUNCTION responses_guard_glass();
DROP FUNCTION responses_guard_step();
DROP FUNCTION responses_guard_link();
"""
LEFT = """
DROP FUNCTION responses_is_covered(bigint, text);
DROP FUNCTION responses_wrote(bigint, bigint);
"""


def guard_as_before(apps, editor) -> None:
    """Put the guards of 0003 back: they know nothing of steps."""
    before = import_module("responses.migrations.0003_guards")
    editor.execute(UNGUARDED, params=None)
    editor.execute(before.UNGUARDED, params=None)
    editor.execute(LEFT, params=None)
    editor.execute(before.GUARDS, params=None)


def guard(apps, editor) -> None:
    editor.execute(GUARDS, params=None)


class Migration(migrations.Migration):
    dependencies = [("responses", "0007_policies")]

    operations = [migrations.RunPython(guard, guard_as_before)]
