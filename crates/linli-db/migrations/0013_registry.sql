-- 底数: dwellings, households, residents, premises, firms. Only what has a stated purpose; what is sensitive is sealed and found by a
-- keyed index. Political standing, faith, ethnic group, health, control lists and scores have no column and get none (DESIGN §9).
-- Names, lengths and codes follow GB/T 31000-2015 where it has them.

CREATE TABLE dwelling (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    label        {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称查找" retention="1 year after leaving"
    sort_key     {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称排列" retention="1 year after leaving"
    state        {CODE} NOT NULL,
    left_reason  {CODE},
    left_at      BIGINT,
    is_complete  BOOLEAN NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    compound             TEXT, -- personal: class=I purpose="找到房屋" retention="while the building stands"
    building             TEXT, -- personal: class=I purpose="找到房屋" retention="while the building stands"
    unit                 TEXT, -- personal: class=I purpose="找到房屋" retention="while the building stands"
    room                 TEXT, -- personal: class=I purpose="找到房屋" retention="while the building stands"
    dwelling_use         TEXT,
    area_m2              TEXT, -- personal: class=I purpose="核对出租房屋的人均面积是否安全" retention="while the building stands"
    occupancy            TEXT -- personal: class=I purpose="掌握出租房屋，做好安全提示" retention="while the building stands"
);
CREATE INDEX dwelling_area ON dwelling (area_code, sort_key, id);
CREATE INDEX dwelling_label ON dwelling (label, id);
CREATE INDEX dwelling_left ON dwelling (left_at) WHERE state = 'left';

CREATE TABLE household (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    label        {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称查找" retention="1 year after leaving"
    sort_key     {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称排列" retention="1 year after leaving"
    state        {CODE} NOT NULL,
    left_reason  {CODE},
    left_at      BIGINT,
    is_complete  BOOLEAN NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    dwelling_id          {CODE} NOT NULL, -- personal: class=I purpose="知道这一户住在哪里" retention="1 year after leaving"
    household_no         {CODE}, -- personal: class=I purpose="把台账中同一户的人归在一起" retention="1 year after leaving"
    n_persons            BIGINT -- personal: class=I purpose="疏散、物资发放时知道有几口人" retention="1 year after leaving"
);
CREATE INDEX household_area ON household (area_code, sort_key, id);
CREATE INDEX household_label ON household (label, id);
CREATE INDEX household_dwelling ON household (dwelling_id);
CREATE INDEX household_left ON household (left_at) WHERE state = 'left';

CREATE TABLE resident (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    label        {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称查找" retention="1 year after leaving"
    sort_key     {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称排列" retention="1 year after leaving"
    state        {CODE} NOT NULL,
    left_reason  {CODE},
    left_at      BIGINT,
    is_complete  BOOLEAN NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    household_id         {CODE} NOT NULL, -- personal: class=I purpose="知道这个人属于哪一户" retention="1 year after leaving"
    name_sealed          {BYTES}, -- personal: class=S purpose="上门、联系时称呼" retention="1 year after leaving"
    name_index           {CODE}, -- personal: class=S purpose="在同一户中认出同一个人" retention="1 year after leaving"
    relation             TEXT, -- personal: class=I purpose="联系户主与家人" retention="1 year after leaving"
    sex                  TEXT, -- personal: class=I purpose="安排合适的人上门服务" retention="1 year after leaving"
    birth_month          TEXT, -- personal: class=I purpose="按年龄提供老人、儿童服务" retention="1 year after leaving"
    phone_sealed         {BYTES}, -- personal: class=S purpose="联系本人" retention="1 year after leaving"
    phone_index          {CODE}, -- personal: class=S purpose="凭号码找到本人" retention="1 year after leaving"
    id_number_sealed     {BYTES}, -- personal: class=S purpose="代办事项时核对身份" retention="1 year after leaving"
    id_number_index      {CODE} -- personal: class=S purpose="导入台账时认出同一个人" retention="1 year after leaving"
);
CREATE INDEX resident_area ON resident (area_code, sort_key, id);
CREATE INDEX resident_label ON resident (label, id);
CREATE INDEX resident_household ON resident (household_id);
CREATE INDEX resident_phone ON resident (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX resident_id_number ON resident (id_number_index) WHERE id_number_index IS NOT NULL;
CREATE INDEX resident_left ON resident (left_at) WHERE state = 'left';

CREATE TABLE premises (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    label        {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称查找" retention="1 year after leaving"
    sort_key     {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称排列" retention="1 year after leaving"
    state        {CODE} NOT NULL,
    left_reason  {CODE},
    left_at      BIGINT,
    is_complete  BOOLEAN NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    premises_kind        TEXT,
    name                 TEXT,
    address              TEXT, -- personal: class=P purpose="找到场所" retention="while it is open"
    in_charge            TEXT, -- personal: class=I purpose="安全检查时联系负责人" retention="1 year after leaving"
    phone_sealed         {BYTES}, -- personal: class=S purpose="安全检查时联系负责人" retention="1 year after leaving"
    phone_index          {CODE}, -- personal: class=S purpose="凭号码找到场所" retention="1 year after leaving"
    is_key               TEXT
);
CREATE INDEX premises_area ON premises (area_code, sort_key, id);
CREATE INDEX premises_label ON premises (label, id);
CREATE INDEX premises_phone ON premises (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX premises_left ON premises (left_at) WHERE state = 'left';

CREATE TABLE firm (
    id           {CODE} PRIMARY KEY,
    area_code    {CODE} NOT NULL,
    label        {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称查找" retention="1 year after leaving"
    sort_key     {CODE} NOT NULL, -- personal: class=I purpose="按地址、名称排列" retention="1 year after leaving"
    state        {CODE} NOT NULL,
    left_reason  {CODE},
    left_at      BIGINT,
    is_complete  BOOLEAN NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    firm_kind            TEXT,
    name                 TEXT,
    unified_code         {CODE},
    address              TEXT, -- personal: class=P purpose="找到企业" retention="while it is open"
    n_employees          BIGINT
);
CREATE INDEX firm_area ON firm (area_code, sort_key, id);
CREATE INDEX firm_label ON firm (label, id);
CREATE INDEX firm_unified_code ON firm (unified_code) WHERE unified_code IS NOT NULL;
CREATE INDEX firm_left ON firm (left_at) WHERE state = 'left';

-- A change that met another: the value that stands is in the record, the other waits here for a person.
CREATE TABLE registry_proposal (
    id           {CODE} PRIMARY KEY,
    record_kind  {CODE} NOT NULL,
    record_id    {CODE} NOT NULL,
    area_code    {CODE} NOT NULL,
    field        TEXT NOT NULL,
    base_version BIGINT NOT NULL,
    value_sealed {BYTES}, -- personal: class=S purpose="两人改了同一项时由人定夺" retention="1 year after leaving"
    account_id   {CODE},
    at           BIGINT NOT NULL,
    state        {CODE} NOT NULL,
    decided_by   {CODE},
    decided_at   BIGINT
);
CREATE INDEX registry_proposal_open ON registry_proposal (area_code, id) WHERE state = 'open';
CREATE INDEX registry_proposal_record ON registry_proposal (record_id, id);

CREATE TABLE registry_import (
    id           {CODE} PRIMARY KEY,
    record_kind  {CODE} NOT NULL,
    area_code    {CODE} NOT NULL,
    account_id   {CODE},
    role         TEXT,
    file_name    TEXT NOT NULL,
    file_sha256  TEXT NOT NULL,
    size_bytes   BIGINT NOT NULL,
    state        {CODE} NOT NULL,
    layout       TEXT NOT NULL,
    left_out     TEXT NOT NULL,
    n_rows       BIGINT NOT NULL,
    at_sheet     BIGINT NOT NULL,
    at_row       BIGINT NOT NULL,
    n_new        BIGINT NOT NULL,
    n_changed    BIGINT NOT NULL,
    n_same       BIGINT NOT NULL,
    n_skipped    BIGINT NOT NULL,
    n_bad        BIGINT NOT NULL,
    n_undone     BIGINT NOT NULL,
    n_kept       BIGINT NOT NULL,
    owner        TEXT,
    alive_at     BIGINT,
    fault        TEXT,
    created_at   BIGINT NOT NULL,
    started_at   BIGINT,
    finished_at  BIGINT
);
CREATE INDEX registry_import_state ON registry_import (state, id);

-- Rows that were not entered, and why; a row that was entered needs none.
CREATE TABLE registry_import_row (
    import_id    {CODE} NOT NULL,
    sheet        BIGINT NOT NULL,
    row_no       BIGINT NOT NULL,
    outcome      {CODE} NOT NULL,
    faults       TEXT NOT NULL,
    PRIMARY KEY (import_id, sheet, row_no)
) {CLUSTERED};

-- What an import changed, so that it can be taken back as a whole.
CREATE TABLE registry_import_change (
    import_id    {CODE} NOT NULL,
    depth        BIGINT NOT NULL,
    record_kind  {CODE} NOT NULL,
    record_id    {CODE} NOT NULL,
    version_before BIGINT NOT NULL,
    version_after BIGINT NOT NULL,
    undone       {CODE},
    PRIMARY KEY (import_id, depth, record_id)
) {CLUSTERED};

-- How an office's own headers are read: remembered for the next sheet with the same header.
CREATE TABLE registry_word (
    area_code    {CODE} NOT NULL,
    record_kind  {CODE} NOT NULL,
    header_digest {CODE} NOT NULL,
    mapping      TEXT NOT NULL,
    account_id   {CODE},
    at           BIGINT NOT NULL,
    PRIMARY KEY (area_code, record_kind, header_digest)
) {CLUSTERED};
