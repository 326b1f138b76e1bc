-- 关爱: who is entitled to care. An entry begins with a basis and ends by itself; what it is about is sealed field by field, and what a list
-- needs to be filtered by is a keyed index. Nothing here ranks or labels anyone, and no list of another system has a place (DESIGN §9).

CREATE TABLE care_entry (
    id            {CODE} PRIMARY KEY,
    area_code     {CODE} NOT NULL,
    resident_id   {CODE} NOT NULL,      -- personal: class=S purpose="知道登记的是谁；姓名、住址在底数里，不重复登记" retention="until the entry ends"
    category_sealed {BYTES} NOT NULL,   -- personal: class=S purpose="确认有权得到什么帮助" retention="until the entry ends"
    category_index {CODE} NOT NULL,     -- personal: class=S purpose="同一人同一类不重复登记" retention="until the entry ends"
    basis_sealed  {BYTES} NOT NULL,     -- personal: class=S purpose="登记依据：名册或本人、监护人的同意" retention="until the entry ends"
    plan_sealed   {BYTES} NOT NULL,     -- personal: class=S purpose="安排走访和服务" retention="until the entry ends"
    wish_sealed   {BYTES},              -- personal: class=S purpose="按本人希望的方式联系" retention="until the entry ends"
    muted_sealed  {BYTES},              -- personal: class=S purpose="住院、搬走时不上门打扰" retention="until the entry ends"
    owner_sealed  {BYTES} NOT NULL,     -- personal: class=S purpose="明确由谁负责" retention="until the entry ends"
    owner_index   {CODE} NOT NULL,      -- personal: class=S purpose="负责单位找到自己负责的人" retention="until the entry ends"
    life_index    {CODE},               -- personal: class=S purpose="统计一老一小人数，五人以上才显示" retention="until the entry ends"
    visit_days    BIGINT,               -- personal: class=I purpose="算出下次走访的日子" retention="until the entry ends"
    state         {CODE} NOT NULL,      -- active, muted or objected
    since_at      BIGINT NOT NULL,      -- visits are counted from here
    tried_at      BIGINT,               -- somebody went and met nobody
    review_at     BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL
);
CREATE INDEX care_entry_area ON care_entry (area_code, id);
CREATE INDEX care_entry_owner ON care_entry (owner_index, id);
CREATE INDEX care_entry_resident ON care_entry (resident_id);
CREATE INDEX care_entry_expires ON care_entry (expires_at);

-- 结对: who goes there.
CREATE TABLE care_helper (
    entry_id      {CODE} NOT NULL,
    account_id    {CODE} NOT NULL,
    PRIMARY KEY (entry_id, account_id)
) {CLUSTERED};
CREATE INDEX care_helper_account ON care_helper (account_id, entry_id);

-- What the person asked to be put right, and what came of it.
CREATE TABLE care_request (
    id            {CODE} PRIMARY KEY,
    entry_id      {CODE} NOT NULL,
    text_sealed   {BYTES} NOT NULL,     -- personal: class=S purpose="更正登记的内容" retention="until the entry ends"
    answer_sealed {BYTES},              -- personal: class=S purpose="答复本人" retention="until the entry ends"
    at            BIGINT NOT NULL,
    answered_at   BIGINT
);
CREATE INDEX care_request_entry ON care_request (entry_id, id);

-- A code of the counter opens one entry once, for a short time; what it opened is known by the digest of a secret.
CREATE TABLE care_code (
    code_index    {CODE} PRIMARY KEY,
    entry_id      {CODE} NOT NULL,
    expires_at    BIGINT NOT NULL,
    session_index {CODE},
    session_until BIGINT
);
CREATE UNIQUE INDEX care_code_session ON care_code (session_index) WHERE session_index IS NOT NULL;
CREATE INDEX care_code_entry ON care_code (entry_id);

-- 走访: which home it was to, and whether somebody was met.
ALTER TABLE visit ADD COLUMN met BOOLEAN;

-- When a row was sent to a phone, and in which pull: a lease is renewed before it ends, and a lost answer is sent again.
ALTER TABLE sync_row ADD COLUMN sent_at BIGINT;
ALTER TABLE sync_row ADD COLUMN sent_n BIGINT;
