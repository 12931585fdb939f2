-- A session is a family of refresh tokens. Its own row says until when it may live at most and whether it was ended;
-- every renewal and every ending passes through that row, so that the two can never both win.
CREATE TABLE session_families (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
INSERT INTO session_families (id, user_id, created_at, renewed_at, expires_at, revoked_at)
    SELECT family_id, user_id, MIN(created_at), MAX(created_at), MAX(expires_at), MAX(revoked_at)
    FROM sessions GROUP BY family_id, user_id;
CREATE INDEX session_families_by_user ON session_families (user_id);
CREATE INDEX session_families_by_revocation ON session_families (revoked_at);
CREATE INDEX session_families_by_expiry ON session_families (expires_at);

-- Two live successors of one token cannot be: the second would have the first one's generation.
DROP INDEX sessions_by_family;
CREATE UNIQUE INDEX sessions_by_generation ON sessions (family_id, generation);
ALTER TABLE sessions DROP COLUMN revoked_at;

-- One row per password reset link that was mailed; only the token's digest is kept.
CREATE TABLE password_resets (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    token_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX password_resets_by_user ON password_resets (user_id, created_at);
