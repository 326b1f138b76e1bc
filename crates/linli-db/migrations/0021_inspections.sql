-- 检查: what was looked at in premises by which checklist, what was found, and which case each finding became.

CREATE TABLE inspection (
    id             {CODE} PRIMARY KEY,  -- carries the time of receipt
    area_code      {CODE} NOT NULL,
    record_id      {CODE} NOT NULL,     -- the premises, in the registry
    premises_kind  TEXT NOT NULL,
    is_key         BOOLEAN NOT NULL,    -- whether they were key premises then
    checklist      {CODE} NOT NULL,
    playbook_id    {CODE} NOT NULL,     -- with the version: what the checklist was then
    playbook_version {CODE} NOT NULL,
    answers        TEXT NOT NULL,       -- personal: class=I purpose="逐项检查结果" retention="3 years"
    n_findings     BIGINT NOT NULL,
    note           TEXT,                -- personal: class=I purpose="检查情况" retention="3 years"
    units          TEXT NOT NULL,       -- codes of the units that went along, as JSON
    account_id     {CODE} NOT NULL,
    captured_at    BIGINT NOT NULL,
    received_at    BIGINT NOT NULL
);
CREATE INDEX inspection_area ON inspection (area_code, id);
CREATE INDEX inspection_record ON inspection (record_id, id);
CREATE INDEX inspection_account ON inspection (account_id, id);

CREATE TABLE inspection_hazard (
    case_id        {CODE} PRIMARY KEY,
    inspection_id  {CODE} NOT NULL,
    record_id      {CODE} NOT NULL,
    area_code      {CODE} NOT NULL,
    item           {CODE} NOT NULL
);
CREATE INDEX inspection_hazard_inspection ON inspection_hazard (inspection_id);
CREATE INDEX inspection_hazard_record ON inspection_hazard (record_id, case_id);
CREATE INDEX inspection_hazard_area ON inspection_hazard (area_code, case_id);

-- 场所码: the printed code of premises, by which anybody sees when they were looked at last.
CREATE TABLE premises_code (
    place_code     {CODE} PRIMARY KEY,
    record_id      {CODE} NOT NULL UNIQUE
);
