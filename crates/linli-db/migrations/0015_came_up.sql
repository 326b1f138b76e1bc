-- 上报来的: from which seat below a case came up to the one where it stands; nothing once it is dispatched or sent back.

ALTER TABLE cases ADD COLUMN risen_from {CODE};
CREATE INDEX cases_risen ON cases (seat_key, id) WHERE risen_from IS NOT NULL AND phase IN ('open', 'waiting');
