-- The double-entry ledger. Accounts keep cumulative debits and credits; the limit is the database's own constraint.
-- The journal (transfers and entries) is only ever appended to: a correction is a new, opposite transfer.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('debit', 'credit')),
    may_negative BIGINT NOT NULL CHECK (may_negative IN (0, 1)),
    debits BIGINT NOT NULL DEFAULT 0 CHECK (debits >= 0),
    credits BIGINT NOT NULL DEFAULT 0 CHECK (credits >= 0),
    version BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    CONSTRAINT accounts_not_overdrawn CHECK (
        may_negative = 1 OR (side = 'credit' AND debits <= credits) OR (side = 'debit' AND credits <= debits))
);

CREATE TABLE transfers (
    id TEXT PRIMARY KEY,
    seq BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (kind, key)
);

CREATE TABLE entries (
    transfer_id TEXT NOT NULL REFERENCES transfers (id),
    line BIGINT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    unit TEXT NOT NULL,
    debit BIGINT NOT NULL CHECK (debit >= 0),
    credit BIGINT NOT NULL CHECK (credit >= 0),
    previous_balance BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (transfer_id, line),
    UNIQUE (account_id, version),
    CHECK ((debit = 0) <> (credit = 0))
);

-- The last link of the journal's hash chain; one row.
CREATE TABLE journal_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '');

-- What was earned per model and commission rate (basis points), so that commission is taken on the running total.
CREATE TABLE commissions (
    model_id TEXT NOT NULL,
    rate BIGINT NOT NULL,
    total BIGINT NOT NULL CHECK (total >= 0),
    commission BIGINT NOT NULL CHECK (commission >= 0 AND commission <= total),
    PRIMARY KEY (model_id, rate)
);

-- One effect per key: the answer is replayed to whoever repeats the same request.
CREATE TABLE idempotency_keys (
    user_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, operation, key)
);

-- engine: sqlite
CREATE TRIGGER transfers_no_update BEFORE UPDATE ON transfers BEGIN SELECT RAISE(ABORT, 'append only: transfers'); END;
CREATE TRIGGER transfers_no_delete BEFORE DELETE ON transfers BEGIN SELECT RAISE(ABORT, 'append only: transfers'); END;
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'append only: entries'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'append only: entries'); END;
-- engine: postgres
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append only: %', TG_TABLE_NAME; END $$;
CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE ON transfers
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- engine: all
