-- What tokens are bought with, and what they are given for. Money is in minor units of its currency.
CREATE TABLE purchases (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    package_id TEXT NOT NULL,
    tokens BIGINT NOT NULL CHECK (tokens > 0),
    price_minor BIGINT NOT NULL CHECK (price_minor > 0),
    currency TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_ref TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'settled', 'canceled')),
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    UNIQUE (provider, provider_ref)
);
CREATE INDEX purchases_by_user ON purchases (user_id, created_at);

CREATE TABLE gifts (
    id TEXT PRIMARY KEY,
    live_id TEXT NOT NULL REFERENCES lives (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    model_id TEXT NOT NULL REFERENCES users (id),
    gift_type TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    unit_price BIGINT NOT NULL CHECK (unit_price > 0),
    total BIGINT NOT NULL CHECK (total > 0),
    transfer_id TEXT NOT NULL UNIQUE REFERENCES transfers (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX gifts_by_live ON gifts (live_id, created_at);
