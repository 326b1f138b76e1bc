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

-- ── notices: who was told what, by which rule and which way, or why not ─────────────────────────────
-- `title` and `said` come from a rule's template and hold no personal data; `ways` says how it went, addresses masked.
CREATE TABLE notice (
    n            {SERIAL},
    id           {CODE} NOT NULL UNIQUE,
    dedup_key    {CODE} NOT NULL UNIQUE,
    rule         {CODE} NOT NULL,
    event_kind   {CODE} NOT NULL,
    case_id      {CODE},
    to_kind      {CODE} NOT NULL,
    account_id   {CODE},
    partner_id   {CODE},
    title        TEXT NOT NULL,
    said         TEXT NOT NULL,
    ways         TEXT NOT NULL,
    in_app       BOOLEAN NOT NULL,
    unread       BOOLEAN NOT NULL,
    digest_at    BIGINT,
    at           BIGINT NOT NULL
);
CREATE INDEX notice_mine ON notice (account_id, n) WHERE in_app;
CREATE INDEX notice_case ON notice (case_id, n);
CREATE INDEX notice_digest ON notice (digest_at) WHERE digest_at IS NOT NULL;

-- What somebody of the staff chose.
CREATE TABLE notice_choice (
    account_id   {CODE} PRIMARY KEY,
    ways_off     TEXT NOT NULL,
    quiet_from   BIGINT,
    quiet_to     BIGINT,
    email_sealed {BYTES} -- personal: class=I purpose="发送工作通知" retention="while employed"
);

-- A browser of somebody of the staff that shows notices.
CREATE TABLE push_subscription (
    id           {CODE} PRIMARY KEY,
    account_id   {CODE} NOT NULL,
    endpoint_index {CODE} NOT NULL UNIQUE,
    endpoint_sealed {BYTES} NOT NULL, -- personal: class=I purpose="发送工作通知" retention="until switched off"
    host         TEXT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX push_account ON push_subscription (account_id);

-- What the resident of a case chose; no row is a no.
CREATE TABLE reporter_choice (
    case_id      {CODE} PRIMARY KEY,
    way          {CODE} NOT NULL,
    email_sealed {BYTES}, -- personal: class=S purpose="告知办理进展" retention="3 years after closing"
    at           BIGINT NOT NULL
);

-- ── banners: a line above the pages ─────────────────────────────────────────────────────────────────
CREATE TABLE banner (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    severity     {CODE} NOT NULL,
    said         TEXT NOT NULL,
    link         TEXT,
    faces        TEXT NOT NULL,
    starts_at    BIGINT NOT NULL,
    ends_at      BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX banner_time ON banner (starts_at);
