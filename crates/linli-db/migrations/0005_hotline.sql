-- 12345 热线对接: work orders that came in or went out, imports from files, what is remembered of a partner's words.

-- One row for each work order and partner. The matter itself, the caller's number and name are in the case, once.
CREATE TABLE hotline_order (
    partner_id   {CODE} NOT NULL,
    order_no     {CODE} NOT NULL,
    case_id      {CODE} NOT NULL,
    direction    {CODE} NOT NULL,
    digest       TEXT NOT NULL,
    matter_digest TEXT NOT NULL,
    state        TEXT NOT NULL,
    said_at      BIGINT,
    limit_at     BIGINT,
    limit_said   TEXT,
    order_type   TEXT,
    category_said TEXT,
    title        TEXT,   -- personal: class=I purpose="与热线对应同一工单" retention="3 years after closing"
    place_said   TEXT,   -- personal: class=I purpose="与热线对应同一工单" retention="3 years after closing"
    urgency      TEXT,
    host_name    TEXT,
    host_role    TEXT,
    tags         TEXT,
    outcome      TEXT,
    reply        TEXT,   -- personal: class=I purpose="核对热线的答复" retention="3 years after closing"
    finished_at  BIGINT,
    reached      BOOLEAN,
    solved       BOOLEAN,
    satisfied    BOOLEAN,
    received_at  BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    PRIMARY KEY (partner_id, order_no)
);
CREATE INDEX hotline_order_case ON hotline_order (case_id);
CREATE INDEX hotline_order_received ON hotline_order (received_at, partner_id, order_no);

CREATE TABLE hotline_import (
    id           {CODE} PRIMARY KEY,
    partner_id   {CODE} NOT NULL,
    account_id   {CODE},
    area_codes   TEXT NOT NULL,
    file_name    TEXT NOT NULL,
    file_sha256  TEXT NOT NULL,
    size_bytes   BIGINT NOT NULL,
    state        {CODE} NOT NULL,
    layout       TEXT NOT NULL,
    with_history BOOLEAN NOT NULL,
    n_rows       BIGINT NOT NULL,
    owner        TEXT,
    alive_at     BIGINT,
    fault        TEXT,
    created_at   BIGINT NOT NULL,
    started_at   BIGINT,
    finished_at  BIGINT
);
CREATE INDEX hotline_import_state ON hotline_import (state, id);

-- The outcome of each row, written in the transaction of its effect: an import that was cut off goes on after the last of them.
CREATE TABLE hotline_import_row (
    import_id    {CODE} NOT NULL,
    sheet        BIGINT NOT NULL,
    row_no       BIGINT NOT NULL,
    outcome      {CODE} NOT NULL,
    order_no     {CODE},
    case_id      {CODE},
    faults       TEXT,
    PRIMARY KEY (import_id, sheet, row_no)
) {CLUSTERED};

-- What a person decided about a partner's words: a header is this column, a category of theirs is this category of ours.
CREATE TABLE hotline_word (
    partner_id   {CODE} NOT NULL,
    kind         {CODE} NOT NULL,
    theirs       {CODE} NOT NULL,
    ours         TEXT,
    account_id   {CODE},
    at           BIGINT NOT NULL,
    PRIMARY KEY (partner_id, kind, theirs)
);

-- Signed requests that were let in: the same one is not let in again while its time stamp would still be believed.
CREATE TABLE hotline_nonce (
    partner_id   {CODE} NOT NULL,
    nonce        {CODE} NOT NULL,
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (partner_id, nonce)
) {CLUSTERED};
CREATE INDEX hotline_nonce_expires ON hotline_nonce (expires_at);

-- What happened to a partner's orders, in the order in which they may read it.
CREATE TABLE hotline_change (
    seq          {SERIAL},
    partner_id   {CODE} NOT NULL,
    order_no     {CODE} NOT NULL,
    case_id      {CODE} NOT NULL,
    event_n      BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    at           BIGINT NOT NULL
);
CREATE UNIQUE INDEX hotline_change_once ON hotline_change (partner_id, order_no, event_n);
CREATE INDEX hotline_change_read ON hotline_change (partner_id, seq);
