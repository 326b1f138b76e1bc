-- 职责任务: who is on duty when, who is away, who met, which dwellings are visited by list. What is due is computed and has no table.

-- Which record of the registry a visit was to, so that it counts for the dwelling or the premises.
ALTER TABLE visit ADD COLUMN record_id {CODE}; -- personal: class=I purpose="知道上次什么时候去过这一户" retention="2 years"
CREATE INDEX visit_record ON visit (record_id, id) WHERE record_id IS NOT NULL;
CREATE INDEX cases_reporter_account ON cases (reporter_account, id) WHERE reporter_account IS NOT NULL;

-- 会议、培训、接待: one record for everybody who was there.
CREATE TABLE gathering (
    id           {CODE} PRIMARY KEY,   -- carries the time of receipt
    area_code    {CODE} NOT NULL,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    place_text   TEXT NOT NULL,        -- personal: class=I purpose="会议地点" retention="2 years"
    note         TEXT,                 -- personal: class=I purpose="会议、培训、接待的内容" retention="2 years"
    units        TEXT NOT NULL,        -- codes of the units that took part, as JSON
    n_guests     BIGINT NOT NULL,      -- residents who came; nobody's name
    account_id   {CODE} NOT NULL,
    held_at      BIGINT NOT NULL,
    received_at  BIGINT NOT NULL
);
CREATE INDEX gathering_area ON gathering (area_code, id);

CREATE TABLE gathering_attendee (
    gathering_id {CODE} NOT NULL,
    account_id   {CODE} NOT NULL,
    held_at      BIGINT NOT NULL,
    PRIMARY KEY (gathering_id, account_id)
) {CLUSTERED};
CREATE INDEX gathering_attendee_account ON gathering_attendee (account_id, held_at);

-- 排班: warm stations, reception days, joint patrols, nights of festivals.
CREATE TABLE shift (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    place_text   TEXT NOT NULL, -- personal: class=I purpose="写明在哪里值守" retention="2 years"
    note         TEXT,                 -- personal: class=I purpose="值守须知" retention="2 years"
    accounts     TEXT NOT NULL,        -- who, as JSON
    units        TEXT NOT NULL,        -- codes of the units that come along, as JSON
    starts_at    BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    cancelled_at BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX shift_area ON shift (area_code, starts_at);

-- 请假: that somebody is away and who stands in; never why.
CREATE TABLE leave (
    id           {CODE} PRIMARY KEY,
    account_id   {CODE} NOT NULL,      -- personal: class=I purpose="值守、派单时知道谁不在" retention="2 years"
    stand_in_id  {CODE},
    starts_at    BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,      -- sooner where it was taken back
    noted_by     {CODE} NOT NULL, -- personal: class=I purpose="写明谁登记的" retention="2 years"
    version      BIGINT NOT NULL
);
CREATE INDEX leave_account ON leave (account_id, ends_at);
CREATE INDEX leave_stand_in ON leave (stand_in_id, ends_at) WHERE stand_in_id IS NOT NULL;

-- 走访清单: which dwellings, never why.
CREATE TABLE visit_list (
    duty_id      {CODE} NOT NULL,
    record_id    {CODE} NOT NULL,      -- personal: class=I purpose="照单走访" retention="while on the list"
    area_code    {CODE} NOT NULL,
    added_by     {CODE} NOT NULL,
    added_at     BIGINT NOT NULL,
    PRIMARY KEY (duty_id, record_id)
) {CLUSTERED};
CREATE INDEX visit_list_area ON visit_list (area_code, duty_id);
