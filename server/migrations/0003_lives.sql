-- Broadcasts and who has paid to enter them. Prices are tokens.
CREATE TABLE lives (
    id TEXT PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES users (id),
    chat_id TEXT NOT NULL REFERENCES chats (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    scheduled_for BIGINT,
    price BIGINT NOT NULL CHECK (price >= 0),
    duration BIGINT,
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'live', 'ended')),
    stream_key_hash TEXT,
    thumbnail_key TEXT,
    thumbnail_version BIGINT NOT NULL DEFAULT 0,
    started_at BIGINT,
    ended_at BIGINT,
    peak_viewers BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX lives_by_status ON lives (status, created_at);
CREATE INDEX lives_by_model ON lives (model_id, created_at);

CREATE TABLE live_entries (
    live_id TEXT NOT NULL REFERENCES lives (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    paid BIGINT NOT NULL CHECK (paid >= 0),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (live_id, user_id)
);
