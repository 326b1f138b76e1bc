-- One history for both databases. {NAMES} in braces are aliases that dialect.rs fills in:
-- {SERIAL} a growing integer key, {BYTES} binary, {CODE} text compared bytewise, {TX_ID} the writing transaction, {CLUSTERED} rows in key order.
-- A column of personal data says so: personal class (P I S M), purpose, retention. The house rules check that none is missing.

-- ── the feed: every fact, append-only, hash-chained per stream ──────────────────────────────────────
CREATE TABLE event (
    seq          {SERIAL},
    tx_id        BIGINT NOT NULL DEFAULT {TX_ID},
    stream_kind  {CODE} NOT NULL,
    stream_id    {CODE} NOT NULL,
    n            BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    at           BIGINT NOT NULL,
    actor_kind   TEXT NOT NULL,
    actor_id     TEXT,
    actor_role   TEXT,
    area_code    {CODE},
    unit_code    {CODE},
    payload      TEXT NOT NULL,
    prev_hash    {BYTES} NOT NULL,
    hash         {BYTES} NOT NULL
);
CREATE UNIQUE INDEX event_chain ON event (stream_kind, stream_id, n);
CREATE INDEX event_feed ON event (tx_id, seq);

-- What people wrote, beside the chain that holds only its digest: it can be erased and the chain still verifies.
CREATE TABLE event_text (
    stream_kind  {CODE} NOT NULL,
    stream_id    {CODE} NOT NULL,
    n            BIGINT NOT NULL,
    body         TEXT NOT NULL, -- personal: class=I purpose="办理事项" retention="3 years after closing"
    PRIMARY KEY (stream_kind, stream_id, n)
);

CREATE TABLE job (
    id           {CODE} PRIMARY KEY,
    topic        TEXT NOT NULL,
    payload      TEXT NOT NULL,
    due_at       BIGINT NOT NULL,
    n_attempts   BIGINT NOT NULL DEFAULT 0,
    last_error   TEXT,
    done_at      BIGINT
);
CREATE INDEX job_due ON job (due_at) WHERE done_at IS NULL;

CREATE TABLE consumer (
    name         {CODE} PRIMARY KEY,
    tx_id        BIGINT NOT NULL,
    seq          BIGINT NOT NULL
);

CREATE TABLE idempotency (
    scope        {CODE} NOT NULL,
    key          {CODE} NOT NULL,
    request_hash TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE setting (
    name         {CODE} PRIMARY KEY,
    value        TEXT NOT NULL
);

-- ── ground: areas, places ───────────────────────────────────────────────────────────────────────────
CREATE TABLE area (
    code         {CODE} PRIMARY KEY,
    parent_code  {CODE},
    level        TEXT NOT NULL,
    name         TEXT NOT NULL,
    short_name   TEXT NOT NULL,
    n_households BIGINT,
    n_residents  BIGINT,
    n_merchants  BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX area_parent ON area (parent_code, code);

CREATE TABLE area_boundary (
    area_code    {CODE} NOT NULL,
    valid_from   BIGINT NOT NULL,
    valid_to     BIGINT,
    source_crs   TEXT NOT NULL,
    wkb          {BYTES} NOT NULL,
    PRIMARY KEY (area_code, valid_from)
);
CREATE INDEX area_boundary_now ON area_boundary (area_code) WHERE valid_to IS NULL;

CREATE TABLE place (
    code         {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    lon          DOUBLE PRECISION,
    lat          DOUBLE PRECISION,
    version      BIGINT NOT NULL
);
CREATE INDEX place_area ON place (area_code, code);

-- ── people and access ───────────────────────────────────────────────────────────────────────────────
CREATE TABLE account (
    id            {CODE} PRIMARY KEY,
    name          {CODE} NOT NULL UNIQUE,
    display_name  TEXT NOT NULL,   -- personal: class=P purpose="公示网格员" retention="while employed"
    phone_sealed  {BYTES},         -- personal: class=I purpose="公示联系电话" retention="while employed"
    password_hash TEXT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    disabled_at   BIGINT,
    n_failures    BIGINT NOT NULL DEFAULT 0,
    locked_until  BIGINT,
    last_login_at BIGINT,
    version       BIGINT NOT NULL
);

CREATE TABLE grant_role (
    id           {CODE} PRIMARY KEY,
    account_id   {CODE} NOT NULL REFERENCES account (id),
    role         TEXT NOT NULL,
    area_code    {CODE} NOT NULL,
    unit_code    {CODE},
    starts_at    BIGINT NOT NULL,
    ends_at      BIGINT
);
CREATE INDEX grant_account ON grant_role (account_id);
CREATE INDEX grant_area ON grant_role (area_code, role);
CREATE INDEX grant_unit ON grant_role (unit_code) WHERE unit_code IS NOT NULL;

CREATE TABLE session (
    token_hash   {CODE} PRIMARY KEY,
    account_id   {CODE} NOT NULL REFERENCES account (id),
    started_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account_id);

-- Who looked at whose personal data, and why. Kept 190 days at least (网络安全法 art. 23: six months).
CREATE TABLE read_log (
    id           {CODE} PRIMARY KEY,
    at           BIGINT NOT NULL,
    account_id   {CODE} NOT NULL,
    role         TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id   {CODE} NOT NULL,
    field        TEXT NOT NULL,
    purpose      TEXT NOT NULL
);
CREATE INDEX read_log_subject ON read_log (subject_kind, subject_id, id);

-- ── playbooks ───────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE playbook_version (
    id           {CODE} NOT NULL,
    version      {CODE} NOT NULL,
    name         TEXT NOT NULL,
    body         TEXT NOT NULL,
    loaded_at    BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

-- ── cases ───────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE cases (
    row_no       {SERIAL},
    id           {CODE} NOT NULL UNIQUE,
    code         {CODE} NOT NULL UNIQUE,
    paper_no     {CODE} NOT NULL UNIQUE,
    kind         TEXT NOT NULL,
    category     {CODE},
    weight       TEXT NOT NULL,
    channel      TEXT NOT NULL,
    area_code    {CODE} NOT NULL,
    seat_area    {CODE} NOT NULL,
    seat_unit    {CODE},
    seat_key     {CODE} NOT NULL,
    back_area    {CODE},
    back_unit    {CODE},
    stage        {CODE} NOT NULL,
    phase        {CODE} NOT NULL,
    handler_id   {CODE},
    playbook_id  {CODE} NOT NULL,
    playbook_version {CODE} NOT NULL,
    body         TEXT NOT NULL,     -- personal: class=I purpose="办理事项" retention="3 years after closing"
    place_text   TEXT NOT NULL,     -- personal: class=I purpose="找到地点" retention="3 years after closing"
    lon          DOUBLE PRECISION,  -- personal: class=I purpose="找到地点" retention="3 years after closing"
    lat          DOUBLE PRECISION,  -- personal: class=I purpose="找到地点" retention="3 years after closing"
    reporter_phone_sealed {BYTES},  -- personal: class=S purpose="回访反映人" retention="3 years after closing"
    reporter_phone_index  {CODE},   -- personal: class=S purpose="查找同一反映人的事项" retention="3 years after closing"
    reporter_name_sealed  {BYTES},  -- personal: class=S purpose="回访反映人" retention="3 years after closing"
    reporter_account {CODE},
    routing      TEXT NOT NULL,
    reply        TEXT,              -- personal: class=I purpose="答复反映人" retention="3 years after closing"
    question     TEXT,              -- personal: class=I purpose="向反映人提问" retention="3 years after closing"
    stars        BIGINT,
    rating       TEXT,              -- personal: class=I purpose="评价办理结果" retention="3 years after closing"
    n_reopened   BIGINT NOT NULL,
    n_sent_back  BIGINT NOT NULL,
    n_photos     BIGINT NOT NULL,
    reported_at  BIGINT NOT NULL,
    supervised_at BIGINT,
    promised_at  BIGINT,
    due_at       BIGINT,
    due_kind     TEXT,
    due_soon_at  BIGINT,
    settled_at   BIGINT,
    closed_at    BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX cases_seat ON cases (seat_key, stage, id) WHERE phase IN ('open', 'waiting');
CREATE INDEX cases_handler ON cases (handler_id, id) WHERE phase IN ('open', 'waiting');
CREATE INDEX cases_settled ON cases (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX cases_reporter ON cases (reporter_phone_index, id) WHERE reporter_phone_index IS NOT NULL;

-- One row for each area above the case and for each unit that answers: every level's inbox is an index range.
CREATE TABLE case_scope (
    scope_key    {CODE} NOT NULL,
    phase        {CODE} NOT NULL,
    case_id      {CODE} NOT NULL,
    PRIMARY KEY (scope_key, phase, case_id)
) {CLUSTERED};
CREATE INDEX case_scope_case ON case_scope (case_id);

-- Everyone who worked on a case, so that nobody verifies their own work.
CREATE TABLE case_hand (
    case_id      {CODE} NOT NULL,
    account_id   {CODE} NOT NULL,
    first_at     BIGINT NOT NULL,
    PRIMARY KEY (case_id, account_id)
) {CLUSTERED};

CREATE TABLE deadline (
    id           {CODE} PRIMARY KEY,
    case_id      {CODE} NOT NULL,
    kind         TEXT NOT NULL,
    level        TEXT NOT NULL,
    state        {CODE} NOT NULL,
    starts_at    BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    soon_at      BIGINT NOT NULL,
    provisional  BOOLEAN NOT NULL,
    unit         TEXT NOT NULL,
    paused_at    BIGINT,
    met_at       BIGINT,
    breached_at  BIGINT,
    on_breach    TEXT NOT NULL,
    rule         TEXT NOT NULL
);
CREATE INDEX deadline_case ON deadline (case_id);
CREATE INDEX deadline_due ON deadline (due_at) WHERE state = 'running';

-- ── files ───────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE attachment (
    id           {CODE} PRIMARY KEY,
    case_id      {CODE},
    event_n      BIGINT,
    sha256       TEXT NOT NULL,
    mime         TEXT NOT NULL,
    size_bytes   BIGINT NOT NULL,
    width        BIGINT NOT NULL,
    height       BIGINT NOT NULL,
    by_staff     BOOLEAN NOT NULL,
    account_id   {CODE},
    at           BIGINT NOT NULL
);
CREATE INDEX attachment_case ON attachment (case_id, id) WHERE case_id IS NOT NULL;
CREATE INDEX attachment_loose ON attachment (at) WHERE case_id IS NULL;

CREATE TABLE paper_number (
    county_code  {CODE} NOT NULL,
    year         BIGINT NOT NULL,
    last         BIGINT NOT NULL,
    PRIMARY KEY (county_code, year)
);
