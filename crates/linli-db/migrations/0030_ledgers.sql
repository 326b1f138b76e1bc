-- 报表: the workbooks that superiors ask for, and each time one was handed in. The workbook is empty of people: it is the form alone.
CREATE TABLE ledger (
    id         {CODE} PRIMARY KEY,
    area_code  {CODE} NOT NULL,
    name       TEXT NOT NULL,
    asked_by   TEXT NOT NULL,
    rhythm     {CODE} NOT NULL,
    kind       {CODE} NOT NULL,
    layout     TEXT NOT NULL,
    file       {BYTES} NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT,
    version    BIGINT NOT NULL
);
CREATE INDEX ledger_area ON ledger (area_code, id);

CREATE TABLE submission (
    id          {CODE} PRIMARY KEY,
    ledger_id   {CODE} NOT NULL,
    area_code   {CODE} NOT NULL,
    by_hand     BOOLEAN NOT NULL,
    is_sealed   BOOLEAN NOT NULL,
    purpose     TEXT, -- personal: class=I purpose="说明为什么导出" retention="2 years"
    account_id  {CODE} NOT NULL,
    at          BIGINT NOT NULL,
    approver_id {CODE},
    decided_at  BIGINT,
    is_refused  BOOLEAN NOT NULL,
    ends_at     BIGINT,
    taken_at    BIGINT,
    n_rows      BIGINT NOT NULL,
    n_cells     BIGINT NOT NULL,
    version     BIGINT NOT NULL
);
CREATE INDEX submission_ledger ON submission (ledger_id, at);
CREATE INDEX submission_area ON submission (area_code, at);
