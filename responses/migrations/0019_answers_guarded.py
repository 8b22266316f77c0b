"""The guards of answers: an approved version's bytes, changed by a name and by nothing else.

As for publications (0008) the draft's row is locked first, and `sending` needs every step of the
version covered, or the glass broken.
"""

from django.db import migrations

GUARDS = """
-- What goes out: the template with {name} filled in; without a name the space before it goes too.
CREATE FUNCTION responses_personal(template text, who text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN who = ''
        THEN replace(replace(template, ' {name}', ''), '{name}', '')
        ELSE replace(template, '{name}', who) END
$$;

CREATE FUNCTION responses_guard_answer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v responses_version%ROWTYPE;
    d responses_draft%ROWTYPE;
    asked bigint;
    brand bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.conversation_id, NEW.version_id, NEW.account_id, NEW.run_id, NEW.person,
            NEW.mention_id, NEW.name, NEW.text, NEW.sha256, NEW.idempotency_key, NEW.reply_to)
            IS DISTINCT FROM
           (OLD.conversation_id, OLD.version_id, OLD.account_id, OLD.run_id, OLD.person,
            OLD.mention_id, OLD.name, OLD.text, OLD.sha256, OLD.idempotency_key, OLD.reply_to) THEN
            RAISE EXCEPTION 'What an answer says, and to whom, is never changed.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_is_bound';
        END IF;
        IF NEW.state = OLD.state THEN
            RETURN NEW;
        END IF;
        IF NOT (OLD.state || '>' || NEW.state = ANY (ARRAY[
                'QUEUED>SENDING', 'QUEUED>FAILED', 'QUEUED>CANCELLED',
                'SENDING>SENT', 'SENDING>FAILED', 'SENDING>UNCERTAIN', 'SENDING>QUEUED',
                'SENDING>CANCELLED', 'UNCERTAIN>SENT', 'UNCERTAIN>FAILED',
                'FAILED>QUEUED', 'FAILED>CANCELLED'])) THEN
            RAISE EXCEPTION 'An answer does not go from % to %.', OLD.state, NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_moves';
        END IF;
        IF NEW.state <> 'SENDING' THEN
            RETURN NEW;
        END IF;
    END IF;
    SELECT * INTO v FROM responses_version WHERE id = NEW.version_id;
    SELECT * INTO d FROM responses_draft WHERE id = v.draft_id FOR NO KEY UPDATE;
    SELECT incident_id INTO asked FROM responses_conversation WHERE id = NEW.conversation_id;
    SELECT brand_id INTO brand FROM incidents_incident WHERE id = asked;
    IF NEW.text IS DISTINCT FROM responses_personal(v.text, NEW.name)
       OR NEW.sha256 IS DISTINCT FROM encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex')
       OR NEW.name ~ '[[:cntrl:]<>{}/\\\\:#&]' THEN
        RAISE EXCEPTION 'An answer is the approved text with a name, and nothing else.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_is_personal';
    END IF;
    IF (SELECT brand_id FROM connectors_connectedaccount WHERE id = NEW.account_id)
            IS DISTINCT FROM brand OR responses_brand_of(d.id) IS DISTINCT FROM brand THEN
        RAISE EXCEPTION 'The account or the text belongs to another brand.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_of_the_brand';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM responses_draft_accounts
                   WHERE draft_id = d.id AND connectedaccount_id = NEW.account_id) THEN
        RAISE EXCEPTION 'It was not approved for this account.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_account_only';
    END IF;
    IF d.incident_id <> asked AND NOT EXISTS (
            SELECT 1 FROM responses_cannedanswer c
            WHERE c.brand_id = brand AND c.approved_id = v.id AND c.sha256 = v.sha256) THEN
        RAISE EXCEPTION 'It was approved for another incident, and is not in the library.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_incident_only';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.state = 'QUEUED' THEN
        RETURN NEW;
    END IF;
    IF d.act <> 'ANSWER' OR d.state <> 'APPROVED'
       OR EXISTS (SELECT 1 FROM responses_version
                  WHERE draft_id = d.id AND number > v.number)
       OR NOT responses_is_covered(v.id, v.sha256) THEN
        RAISE EXCEPTION 'No standing approval covers these bytes.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_bytes_only';
    END IF;
    IF NEW.run_id IS NOT NULL AND (SELECT halted_at FROM responses_answerrun
            WHERE id = NEW.run_id FOR SHARE) IS NOT NULL THEN
        RAISE EXCEPTION 'The answer to all was halted.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'run_is_halted';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_answer_guard BEFORE INSERT OR UPDATE ON responses_answer
    FOR EACH ROW EXECUTE FUNCTION responses_guard_answer();

-- A text that goes to people one by one is never posted by itself.
CREATE FUNCTION responses_guard_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT d.act FROM responses_draft d JOIN responses_version v ON v.draft_id = d.id
        WHERE v.id = NEW.version_id) = 'ANSWER' THEN
        RAISE EXCEPTION 'An answer to people is not a post.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_is_no_post';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER responses_posting_guard BEFORE INSERT ON responses_publication
    FOR EACH ROW EXECUTE FUNCTION responses_guard_posting();
"""

UNGUARDED = """
DROP TRIGGER responses_posting_guard ON responses_publication;
DROP TRIGGER responses_answer_guard ON responses_answer;
DROP FUNCTION responses_guard_posting();
DROP FUNCTION responses_guard_answer();
DROP FUNCTION responses_personal(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0018_engage")]

    operations = [migrations.RunSQL(GUARDS, UNGUARDED)]
