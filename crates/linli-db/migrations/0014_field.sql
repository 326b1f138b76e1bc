-- Field work: what was seen on a visit, and phones that go on working with no network.

-- 走访记录: written once and never changed; retention alone takes the text away.
CREATE TABLE visit (
    id           {CODE} PRIMARY KEY,   -- carries the time of receipt, which orders them
    kind         TEXT NOT NULL,
    area_code    {CODE} NOT NULL,
    place_code   {CODE},               -- the printed code that was scanned
    place_text   TEXT NOT NULL,        -- personal: class=I purpose="走访地点" retention="2 years"
    lon          DOUBLE PRECISION,     -- personal: class=I purpose="走访地点（约100米），网格员点选时才有" retention="90 days"
    lat          DOUBLE PRECISION,     -- personal: class=I purpose="走访地点（约100米），网格员点选时才有" retention="90 days"
    result       TEXT NOT NULL,
    note         TEXT,                 -- personal: class=I purpose="走访情况" retention="2 years"
    companions   TEXT NOT NULL,        -- codes of the units that went along, as JSON
    account_id   {CODE} NOT NULL,
    case_id      {CODE},               -- what the finding became
    n_photos     BIGINT NOT NULL,
    captured_at  BIGINT NOT NULL,      -- by the clock of whoever noted it: shown, never ordered by
    received_at  BIGINT NOT NULL
);
CREATE INDEX visit_area ON visit (area_code, id);
CREATE INDEX visit_account ON visit (account_id, id);
CREATE INDEX visit_case ON visit (case_id) WHERE case_id IS NOT NULL;

ALTER TABLE attachment ADD COLUMN visit_id {CODE};
-- The digest of a photo as it was sent, by which a phone names it before it knows its id.
ALTER TABLE attachment ADD COLUMN sent_sha256 TEXT;
CREATE INDEX attachment_visit ON attachment (visit_id, id) WHERE visit_id IS NOT NULL;

-- 设备: one phone for one account.
CREATE TABLE device (
    id           {CODE} PRIMARY KEY,
    account_id   {CODE} NOT NULL,
    name         TEXT NOT NULL,        -- personal: class=I purpose="让本人和管理员认出是哪部手机" retention="while enrolled"
    share_sealed {BYTES} NOT NULL,     -- our half of the key of what lies on the phone
    enrolled_at  BIGINT NOT NULL,
    last_seen_at BIGINT,
    lease_until  BIGINT,
    revoked_at   BIGINT,
    next_seq     BIGINT NOT NULL,      -- the number of the command whose turn it is
    n_pulls      BIGINT NOT NULL,      -- pulls that changed what the phone holds
    version      BIGINT NOT NULL
);
CREATE INDEX device_account ON device (account_id, id);

-- Every command that a phone sent, with its outcome: sent again it is answered from here.
CREATE TABLE sync_command (
    op_id        {CODE} PRIMARY KEY,
    device_id    {CODE} NOT NULL,
    device_seq   BIGINT NOT NULL,
    type         TEXT NOT NULL,
    entity_id    {CODE},               -- as the phone calls what the command is about
    made_id      {CODE},               -- as we call what it made
    digest       TEXT NOT NULL,
    body_sealed  {BYTES},              -- personal: class=I purpose="等前面的操作到齐后再办" retention="until it is done, at most 5 days"
    outcome      TEXT,                 -- none while it is held
    captured_at  BIGINT NOT NULL,
    received_at  BIGINT NOT NULL,
    done_at      BIGINT
);
CREATE INDEX sync_command_held ON sync_command (device_id, device_seq) WHERE outcome IS NULL;
CREATE INDEX sync_command_made ON sync_command (device_id, entity_id) WHERE made_id IS NOT NULL;
CREATE INDEX sync_command_received ON sync_command (received_at);

-- Which rows a phone may hold, so that exactly those can be taken off it. Ids alone.
CREATE TABLE sync_row (
    device_id    {CODE} NOT NULL,
    kind         TEXT NOT NULL,
    row_id       {CODE} NOT NULL,
    gone_n       BIGINT,               -- the pull that took it off; until the phone says that it has seen that pull
    PRIMARY KEY (device_id, kind, row_id)
) {CLUSTERED};
CREATE INDEX sync_row_gone ON sync_row (device_id, gone_n) WHERE gone_n IS NOT NULL;
