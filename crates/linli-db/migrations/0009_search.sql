-- Search and lists at the size of a city.

-- Which cases have which words; docs/adr/0006-search.md says why it is kept this way.

-- One row for each word (two characters) within 16,384 cases that follow one another: which of them have it.
CREATE TABLE case_term (
    block        BIGINT NOT NULL,
    term         {CODE} NOT NULL,   -- personal: class=I purpose="查找事项" retention="3 years after closing"
    members      {BYTES} NOT NULL,
    PRIMARY KEY (block, term)
) {CLUSTERED};

-- Cases whose words are not, or not as they stand now, in case_term: few, and read one by one by every search.
CREATE TABLE case_fresh (
    row_no       BIGINT PRIMARY KEY,
    afresh       BOOLEAN NOT NULL   -- a text was erased: its words go too
) {CLUSTERED};
CREATE INDEX case_fresh_erased ON case_fresh (row_no) WHERE afresh;
INSERT INTO case_fresh (row_no, afresh) SELECT row_no, FALSE FROM cases;

-- The clock that ends next, beside the key by which a case is reached: what is late or nearly so is then a range of an index at every
-- level of the city, and is counted without reading the cases.
ALTER TABLE case_scope ADD COLUMN due_at BIGINT;
ALTER TABLE case_scope ADD COLUMN soon_at BIGINT;
UPDATE case_scope SET due_at = (SELECT c.due_at FROM cases c WHERE c.id = case_scope.case_id),
    soon_at = (SELECT c.due_soon_at FROM cases c WHERE c.id = case_scope.case_id) WHERE phase IN ('open', 'waiting');
CREATE INDEX case_scope_due ON case_scope (scope_key, phase, due_at, case_id, soon_at) WHERE due_at IS NOT NULL;

-- One node at a time writes words.
INSERT INTO setting (name, value) VALUES ('search_index', 'one at a time');

-- Nothing was released with it: the words of before are made anew from the texts.
DROP TABLE case_words;

CREATE INDEX hotline_order_no ON hotline_order (order_no);
