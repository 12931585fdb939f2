-- Mail that waits to be sent. A row says what to write and to whom, never the words themselves: links with secrets are
-- made at the moment of sending, so that no secret lies in the database.
CREATE TABLE mail_outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    language TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL
);
CREATE INDEX mail_outbox_by_next ON mail_outbox (next_at);
