-- The whole work-order loop: what a case keeps besides its stage, tasks beside its seat, rulings, hot spots.

ALTER TABLE cases ADD COLUMN private BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE cases ADD COLUMN parent_id {CODE};
ALTER TABLE cases ADD COLUMN master_id {CODE};
ALTER TABLE cases ADD COLUMN pending TEXT;
ALTER TABLE cases ADD COLUMN suspended_until BIGINT;
ALTER TABLE cases ADD COLUMN excluded TEXT;
ALTER TABLE cases ADD COLUMN outcome TEXT;
ALTER TABLE cases ADD COLUMN follow_up_at BIGINT;
ALTER TABLE cases ADD COLUMN dossier TEXT; -- personal: class=I purpose="办理事项" retention="3 years after closing"
CREATE INDEX cases_parent ON cases (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX cases_master ON cases (master_id) WHERE master_id IS NOT NULL;
CREATE INDEX cases_suspended ON cases (suspended_until) WHERE suspended_until IS NOT NULL;
CREATE INDEX cases_pending ON cases (id) WHERE pending IS NOT NULL;
CREATE INDEX cases_supervised ON cases (id) WHERE supervised_at IS NOT NULL;
CREATE INDEX cases_follow_up ON cases (follow_up_at, id) WHERE follow_up_at IS NOT NULL;

-- Work on a case beside its seat: helpers, departments that were whistled for, outside parties, tasks of a task force.
CREATE TABLE case_task (
    id           {CODE} PRIMARY KEY,
    case_id      {CODE} NOT NULL,
    kind         TEXT NOT NULL,
    whistle      TEXT,
    seat_area    {CODE},
    seat_unit    {CODE},
    seat_key     {CODE},
    party        TEXT,
    body         TEXT NOT NULL,     -- personal: class=I purpose="办理事项" retention="3 years after closing"
    state        {CODE} NOT NULL,
    called_by    {CODE},
    called_at    BIGINT NOT NULL,
    signed_at    BIGINT,
    contacted_at BIGINT,
    arrived_at   BIGINT,
    ended_at     BIGINT,
    result       TEXT,              -- personal: class=I purpose="办理事项" retention="3 years after closing"
    rating       TEXT,              -- personal: class=I purpose="评价报到单位" retention="3 years after closing"
    call_rating  TEXT,              -- personal: class=I purpose="评价吹哨质量" retention="3 years after closing"
    due_at       BIGINT
);
CREATE INDEX case_task_case ON case_task (case_id);
CREATE INDEX case_task_seat ON case_task (seat_key, id) WHERE state IN ('called', 'signed');

ALTER TABLE deadline ADD COLUMN task_id {CODE};

-- 裁定入单: lines that rulings added to the responsibility list; never changed, only ended.
CREATE TABLE responsibility_entry (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    category     {CODE} NOT NULL,
    level        TEXT NOT NULL,
    unit_code    {CODE},
    basis        TEXT NOT NULL,
    case_id      {CODE},
    since        BIGINT NOT NULL,
    until        BIGINT,
    version      BIGINT NOT NULL
);

-- 未诉先办: the same matter keeps coming from the same place; a person decides what follows.
CREATE TABLE hot_spot (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    category     {CODE} NOT NULL,
    state        {CODE} NOT NULL,
    n_cases      BIGINT NOT NULL,
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    case_id      {CODE},
    version      BIGINT NOT NULL
);
CREATE INDEX hot_spot_open ON hot_spot (area_code, category) WHERE state = 'open';
