-- Open311: what everybody may read of a request, and what was exchanged with partners.
-- A public answer is made of these tables alone: what is not copied here cannot be shown. Everything in them can be made anew from
-- the feed, but the numbers of others.

-- 公开事项: a case as Open311 shows it. The id is its own: the case's public code opens the case to whoever holds it.
CREATE TABLE open311_request (
    id           {CODE} PRIMARY KEY,
    case_id      {CODE} NOT NULL UNIQUE,
    client_id    {CODE},              -- the partner that handed it in, if one did
    client_ref   {CODE},              -- the partner's own number of it
    token        {CODE} UNIQUE,       -- given in place of the id while a person sorts it
    withheld     BOOLEAN NOT NULL,    -- handed in as not public
    is_listed    BOOLEAN NOT NULL,
    is_open      BOOLEAN NOT NULL,
    status       TEXT NOT NULL,
    service_code {CODE},
    service_name TEXT NOT NULL,
    service_group TEXT NOT NULL,
    area_code    {CODE} NOT NULL,
    agency       TEXT NOT NULL,
    lon          DOUBLE PRECISION,    -- personal: class=P purpose="公开网格中心点，不是事发地点" retention="as long as the case is kept"
    lat          DOUBLE PRECISION,    -- personal: class=P purpose="公开网格中心点，不是事发地点" retention="as long as the case is kept"
    answer_n     BIGINT,              -- the event whose text is the published answer
    event_n      BIGINT NOT NULL,     -- the last event that this row knows
    requested_at BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,     -- when its last change was published
    expected_at  BIGINT,
    closed_at    BIGINT
);
CREATE INDEX open311_request_at ON open311_request (requested_at, id) WHERE is_listed;
CREATE INDEX open311_request_changed ON open311_request (updated_at, id) WHERE is_listed;
CREATE UNIQUE INDEX open311_request_ref ON open311_request (client_id, client_ref) WHERE client_ref IS NOT NULL;

-- What happened to a request, by the time of its publication: a window that was asked for once never gains a row later.
CREATE TABLE open311_update (
    case_id      {CODE} NOT NULL,
    event_n      BIGINT NOT NULL,
    status       TEXT NOT NULL,
    for_client   BOOLEAN NOT NULL,    -- for the partner that handed the request in, not for everybody
    words_n      BIGINT,              -- the event whose text goes with it
    words_public BOOLEAN NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (case_id, event_n)
);
CREATE INDEX open311_update_published ON open311_update (published_at);

-- Updates that clients sent us, once each.
CREATE TABLE open311_inbound (
    client_id    {CODE} NOT NULL,
    update_id    {CODE} NOT NULL,
    case_id      {CODE} NOT NULL,
    outcome      TEXT NOT NULL,       -- the action that was taken, or kept: the case was no longer open to it
    body         TEXT,                -- personal: class=I purpose="留存未能记入事项的补充说明" retention="3 years after closing"
    at           BIGINT NOT NULL,
    PRIMARY KEY (client_id, update_id)
);
CREATE INDEX open311_inbound_kept ON open311_inbound (at) WHERE outcome = 'kept';

-- Pictures that a client only named; they are fetched after the answer was given.
CREATE TABLE open311_picture (
    id           {CODE} PRIMARY KEY,
    case_id      {CODE} NOT NULL,
    client_id    {CODE} NOT NULL,
    url          TEXT NOT NULL,
    n_attempts   BIGINT NOT NULL,
    next_at      BIGINT,
    last_error   TEXT
);
CREATE INDEX open311_picture_next ON open311_picture (next_at) WHERE next_at IS NOT NULL;

-- Cases that we handed to another system, and its number of them.
CREATE TABLE open311_sent (
    partner_id   {CODE} NOT NULL,
    case_id      {CODE} NOT NULL,
    remote_id    {CODE},
    token        {CODE},
    status       TEXT,                -- the last that it told us
    seen_at      BIGINT,              -- the time of its last update that we know
    sent_n       BIGINT NOT NULL,     -- the last event of ours that it was told
    at           BIGINT NOT NULL,
    PRIMARY KEY (partner_id, case_id)
);
CREATE UNIQUE INDEX open311_sent_remote ON open311_sent (partner_id, remote_id) WHERE remote_id IS NOT NULL;

-- Updates of theirs that we have taken in, once each.
CREATE TABLE open311_heard (
    partner_id   {CODE} NOT NULL,
    update_id    {CODE} NOT NULL,
    case_id      {CODE} NOT NULL,
    body         TEXT,                -- personal: class=I purpose="留存未能记入事项的对方反馈" retention="3 years after closing"
    at           BIGINT NOT NULL,
    PRIMARY KEY (partner_id, update_id)
);

-- How the last exchange with each of them went.
CREATE TABLE open311_exchange (
    partner_id   {CODE} PRIMARY KEY,
    polled_until BIGINT,
    last_ok_at   BIGINT,
    last_error   TEXT,
    last_error_at BIGINT
);

-- Their services as we last took them over.
CREATE TABLE open311_catalogue (
    partner_id   {CODE} NOT NULL,
    service_code {CODE} NOT NULL,
    name         TEXT NOT NULL,
    service_group TEXT NOT NULL,
    has_questions BOOLEAN NOT NULL,   -- personal: class=P purpose="服务目录的提问，不涉及个人" retention="until the next sync"
    questions    TEXT NOT NULL,       -- personal: class=P purpose="服务目录的提问，不涉及个人" retention="until the next sync"
    gone_at      BIGINT,
    PRIMARY KEY (partner_id, service_code)
);
