-- SQLite's json_each() under the same name, so that one statement can write a whole batch on both engines: a JSON array
-- as rows, whose `value` is taken apart by ->>.
-- engine: postgres
CREATE FUNCTION json_each(rows text) RETURNS TABLE (key BIGINT, value JSONB)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 64 AS
$$ SELECT ordinality - 1, value FROM jsonb_array_elements(rows::jsonb) WITH ORDINALITY $$;

-- Searching and ordering people by text must not depend on the locale that the database happens to have.
ALTER TABLE users
    ALTER COLUMN name TYPE TEXT COLLATE "C",
    ALTER COLUMN bio TYPE TEXT COLLATE "C",
    ALTER COLUMN services TYPE TEXT COLLATE "C";
-- engine: all
