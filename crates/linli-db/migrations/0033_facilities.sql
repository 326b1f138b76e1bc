-- 公共设施: what stands in public and is reported and mended: lamps, lifts, manholes. A kind of the registry, and which cases are about which.

CREATE TABLE facility (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    label        {CODE} NOT NULL,
    sort_key     {CODE} NOT NULL,
    state        {CODE} NOT NULL,
    left_reason  {CODE},
    left_at      BIGINT,
    is_complete  BOOLEAN NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    facility_kind        TEXT,
    name                 TEXT,
    address              TEXT, -- personal: class=P purpose="找到设施" retention="while it stands"
    keeper               TEXT, -- personal: class=P purpose="报修时联系维护单位" retention="while it stands"
    service              TEXT
);
CREATE INDEX facility_area ON facility (area_code, sort_key, id);
CREATE INDEX facility_label ON facility (label, id);
CREATE INDEX facility_left ON facility (left_at) WHERE state = 'left';

-- 设施码: the printed code of a facility, by which anybody reports it.
CREATE TABLE facility_code (
    place_code   {CODE} PRIMARY KEY,
    record_id    {CODE} NOT NULL UNIQUE
);

CREATE TABLE facility_case (
    case_id      {CODE} PRIMARY KEY,
    record_id    {CODE} NOT NULL,
    area_code    {CODE} NOT NULL -- of the facility
);
CREATE INDEX facility_case_record ON facility_case (record_id, case_id);
CREATE INDEX facility_case_area ON facility_case (area_code, case_id);
