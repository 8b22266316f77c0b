"""What the database itself refuses about the statement page, whoever asks.

An entry is a link of a signed chain: it is written once. How a draft is to appear is judged with
its text: it changes while the draft is being written and at no other time.
"""

from django.db import migrations

GUARDS = """
CREATE FUNCTION responses_guard_statement_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'What was said stays: correct or withdraw it by another entry.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_entry_is_final';
    END IF;
    IF NEW.sha256 <> encode(sha256(convert_to(NEW.document, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'The digest is not of this document.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_entry_digest';
    END IF;
    IF (NEW.document::json->>'previous') IS DISTINCT FROM
       (SELECT sha256 FROM responses_statemententry
        WHERE statement_id = NEW.statement_id AND number = NEW.number - 1)
       OR EXISTS (SELECT 1 FROM responses_statemententry
                  WHERE statement_id = NEW.statement_id AND number >= NEW.number) THEN
        RAISE EXCEPTION 'An entry follows from the one before it.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_entry_chain';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_statement_entry_guard
    BEFORE INSERT OR UPDATE OR DELETE ON responses_statemententry
    FOR EACH ROW EXECUTE FUNCTION responses_guard_statement_entry();

CREATE FUNCTION responses_guard_statement_draft() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing text;
    of bigint;
BEGIN
    of := CASE WHEN TG_OP = 'DELETE' THEN OLD.draft_id ELSE NEW.draft_id END;
    SELECT state INTO standing FROM responses_draft WHERE id = of FOR NO KEY UPDATE;
    IF standing NOT IN ('WRITING', 'CHANGES', 'DROPPED') THEN
        RAISE EXCEPTION 'How it appears is part of what is judged.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_draft_is_shown';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_statement_draft_guard
    BEFORE INSERT OR UPDATE OR DELETE ON responses_statementdraft
    FOR EACH ROW EXECUTE FUNCTION responses_guard_statement_draft();
"""

NO_GUARDS = """
DROP TRIGGER responses_statement_entry_guard ON responses_statemententry;
DROP FUNCTION responses_guard_statement_entry();
DROP TRIGGER responses_statement_draft_guard ON responses_statementdraft;
DROP FUNCTION responses_guard_statement_draft();
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0004_statement")]

    operations = [migrations.RunSQL(GUARDS, NO_GUARDS)]
