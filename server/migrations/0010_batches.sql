-- Writing many rows with one statement.
-- engine: postgres
-- SQLite's json_each() under the same name, so that one statement serves both engines: a JSON array as rows, whose
-- `value` is taken apart by ->>. Not STRICT, so that the planner may look inside.
CREATE FUNCTION json_each(rows text) RETURNS TABLE (key BIGINT, value JSONB)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 64 AS
$$ SELECT e.ordinality - 1, e.value FROM jsonb_array_elements(rows::jsonb) WITH ORDINALITY AS e (value, ordinality) $$;

-- Searching and ordering people by text must not depend on the locale that the database happens to have.
ALTER TABLE users
    ALTER COLUMN name TYPE TEXT COLLATE "C",
    ALTER COLUMN bio TYPE TEXT COLLATE "C",
    ALTER COLUMN services TYPE TEXT COLLATE "C";

-- A reference costs one query a row: seven for each gift, a sixth of all it costs. These three are between rows that one
-- transaction writes together from one list, and `ledger verify` proves them (I1, I3, I9).
ALTER TABLE entries DROP CONSTRAINT entries_transfer_id_fkey, DROP CONSTRAINT entries_account_id_fkey;
ALTER TABLE gifts DROP CONSTRAINT gifts_transfer_id_fkey;

-- Rows that every gift changes stay on their page, so that their index need not change.
ALTER TABLE accounts SET (fillfactor = 50);
ALTER TABLE commissions SET (fillfactor = 50);
ALTER TABLE journal_head SET (fillfactor = 10);
-- engine: all
