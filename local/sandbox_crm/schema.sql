-- Moments are UTC text of one width (2026-01-31T09:00:00.000Z), so that text order is time order.
-- What people type lies in `fields` as JSON; beside it stands what is searched, ordered or compared.

CREATE TABLE IF NOT EXISTS customers (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    fields        TEXT NOT NULL,
    phone_digits  TEXT NOT NULL,
    mobile_digits TEXT NOT NULL,
    email_key     TEXT NOT NULL,
    updated_at    TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS activities (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    external_id     TEXT NOT NULL UNIQUE,
    customer_number INTEGER REFERENCES customers (number),
    revision        INTEGER NOT NULL,
    started_at      TEXT,
    fields          TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS activities_by_customer ON activities (customer_number, number);

CREATE TABLE IF NOT EXISTS cases (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_number INTEGER NOT NULL REFERENCES customers (number),
    subject         TEXT NOT NULL,
    opened_at       TEXT NOT NULL,
    closed_at       TEXT
);
CREATE INDEX IF NOT EXISTS open_cases ON cases (customer_number) WHERE closed_at IS NULL;

CREATE TABLE IF NOT EXISTS tokens (
    digest     TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS webhook (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    url    TEXT NOT NULL,
    secret TEXT NOT NULL,
    active INTEGER NOT NULL
);

-- The outbox: written in the transaction of the change it tells of.
CREATE TABLE IF NOT EXISTS events (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id TEXT NOT NULL UNIQUE,
    type       TEXT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'gone', 'expired')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    due_at     TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_due ON events (state, due_at);

CREATE TABLE IF NOT EXISTS attempts (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id TEXT NOT NULL REFERENCES events (webhook_id),
    attempt    INTEGER NOT NULL,
    at         TEXT NOT NULL,
    status     INTEGER,
    outcome    TEXT NOT NULL,
    latency_ms INTEGER NOT NULL
);
