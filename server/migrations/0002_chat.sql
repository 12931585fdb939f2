-- Conversations: between two people (pair_key names the pair) or in a live's room (pair_key is null).
CREATE TABLE chats (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('private', 'live')),
    pair_key TEXT UNIQUE,
    status TEXT NOT NULL,
    last_message_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE chat_members (
    chat_id TEXT NOT NULL REFERENCES chats (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    last_read_message_id TEXT,
    unread_count BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (chat_id, user_id)
);
CREATE INDEX chat_members_by_user ON chat_members (user_id);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    chat_id TEXT NOT NULL REFERENCES chats (id),
    seq BIGINT NOT NULL,
    sender_id TEXT NOT NULL REFERENCES users (id),
    content TEXT NOT NULL,
    type TEXT NOT NULL,
    media_id TEXT,
    client_id TEXT,
    created_at BIGINT NOT NULL,
    read_at BIGINT,
    UNIQUE (chat_id, seq),
    UNIQUE (chat_id, sender_id, client_id)
);
