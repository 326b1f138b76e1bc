-- Delivery: everything that leaves the house, and how the house can be told news.

-- ── the outbox ──────────────────────────────────────────────────────────────────────────────────────
-- `payload` holds ids, and texts only where nothing of a person is in them: addresses are read when it is sent.
CREATE TABLE delivery (
    n            {SERIAL},
    id           {CODE} NOT NULL UNIQUE,
    channel      {CODE} NOT NULL,
    target       {CODE} NOT NULL,
    case_id      {CODE},
    about        TEXT NOT NULL,
    payload      TEXT NOT NULL,
    dedup_key    {CODE} UNIQUE,
    state        {CODE} NOT NULL,
    n_attempts   BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    last_error   TEXT,
    receipt      TEXT,
    decided_by   {CODE},
    created_at   BIGINT NOT NULL,
    sent_at      BIGINT
);
CREATE INDEX delivery_waiting ON delivery (target, n) WHERE state = 'waiting';
CREATE INDEX delivery_state ON delivery (state, n);
CREATE INDEX delivery_target_n ON delivery (target, n);
CREATE INDEX delivery_case ON delivery (case_id, n) WHERE case_id IS NOT NULL;

-- One row for each receiver: who is sending to it just now, and whether it answers.
CREATE TABLE delivery_target (
    target       {CODE} PRIMARY KEY,
    busy_until   BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    n_failures   BIGINT NOT NULL,
    last_error   TEXT,
    last_ok_at   BIGINT
);
