-- Search: which cases have which words; docs/adr/0006-search.md says why it is kept this way.

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

-- One node at a time writes words.
INSERT INTO setting (name, value) VALUES ('search_index', 'one at a time');

-- Nothing was released with it: the words of before are made anew from the texts.
DROP TABLE case_words;

CREATE INDEX hotline_order_no ON hotline_order (order_no);
