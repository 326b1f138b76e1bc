-- 指标: what cases count for, and the sums of it. All of it follows from the feed and can be made again: `linli indicators rebuild`.

-- What one case counts for: a row for each thing that figures are made of, and of which figures (a bit for each slot) it is above
-- the line (`met`), below it (`missed`) or left out, because it was excluded. It also opens the cases behind a figure.
CREATE TABLE indicator_fact (
    case_id      {CODE} NOT NULL,
    subject      {CODE} NOT NULL,
    n            BIGINT NOT NULL,
    area_code    {CODE} NOT NULL,
    unit_key     {CODE},
    day          BIGINT NOT NULL,   -- since 1970-01-01 in Beijing; 0 for what stands so now
    met          BIGINT NOT NULL,
    missed       BIGINT NOT NULL,
    left_out     BIGINT NOT NULL,
    value_ms     BIGINT,
    PRIMARY KEY (case_id, subject, n)
) {CLUSTERED};
CREATE INDEX indicator_fact_area ON indicator_fact (subject, area_code, day, case_id, n);
CREATE INDEX indicator_fact_unit ON indicator_fact (unit_key, subject, day, case_id, n) WHERE unit_key IS NOT NULL;

-- The sums, all figures of a scope (an area, or a unit of one) and day in one row; again by month; and what stands so now.
CREATE TABLE indicator_rollup (
    grain        {CODE} NOT NULL,
    scope_key    {CODE} NOT NULL,
    day          BIGINT NOT NULL,
    tallies      {BYTES} NOT NULL,
    PRIMARY KEY (grain, scope_key, day)
) {CLUSTERED};

-- Grid workers of an area and everything below it, by which a load is divided.
CREATE TABLE indicator_worker (
    scope_key    {CODE} PRIMARY KEY,
    n            BIGINT NOT NULL
);
