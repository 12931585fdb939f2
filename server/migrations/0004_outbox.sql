-- Events written in the transaction that caused them; the relay publishes them after the commit, at least once.
-- engine: sqlite
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- engine: postgres
CREATE TABLE outbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- engine: all
CREATE TABLE relay_cursors (
    consumer TEXT PRIMARY KEY,
    seq BIGINT NOT NULL
);
