-- 意见建议的公开答复: what residents proposed, told without them, and what came of it.

CREATE TABLE opinion (
    case_id      {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    category     {CODE} NOT NULL,
    summary      TEXT NOT NULL, -- what was proposed, written anew for the public: no name, no number, not the words of whoever said it
    outcome      {CODE} NOT NULL,
    answer       TEXT NOT NULL,
    account_id   {CODE} NOT NULL,
    published_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX opinion_published ON opinion (published_at, case_id) WHERE withdrawn_at IS NULL;
CREATE INDEX opinion_area ON opinion (area_code, published_at) WHERE withdrawn_at IS NULL;
