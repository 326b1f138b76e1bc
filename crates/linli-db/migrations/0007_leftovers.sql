-- Where a history ends, for histories whose own row does not count its events: accounts, areas, places, playbooks. Cases count theirs.
CREATE TABLE chain_end (
    stream_kind  {CODE} NOT NULL,
    stream_id    {CODE} NOT NULL,
    n            BIGINT NOT NULL,
    PRIMARY KEY (stream_kind, stream_id)
) {CLUSTERED};
INSERT INTO chain_end (stream_kind, stream_id, n)
    SELECT stream_kind, stream_id, MAX(n) FROM event WHERE stream_kind <> 'case' GROUP BY stream_kind, stream_id;

-- One signed root a day over every event of the feed up to that night, each continuing the one before.
CREATE TABLE daily_root (
    day          {CODE} PRIMARY KEY,
    tx_id        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    n_events     BIGINT NOT NULL,
    root         {BYTES} NOT NULL,
    mac          {BYTES} NOT NULL,
    at           BIGINT NOT NULL
);

-- Who left: few, and looked for by every inbox.
CREATE INDEX account_disabled ON account (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX grant_ended ON grant_role (ends_at, account_id) WHERE ends_at IS NOT NULL;
