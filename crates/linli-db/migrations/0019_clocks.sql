-- The clock that ends next, beside the key by which a case is reached: what is late or nearly so is then a range of an index at every
-- level of the city, and is counted without reading the cases.
ALTER TABLE case_scope ADD COLUMN due_at BIGINT;
ALTER TABLE case_scope ADD COLUMN soon_at BIGINT;
UPDATE case_scope SET due_at = (SELECT c.due_at FROM cases c WHERE c.id = case_scope.case_id),
    soon_at = (SELECT c.due_soon_at FROM cases c WHERE c.id = case_scope.case_id) WHERE phase IN ('open', 'waiting');
CREATE INDEX case_scope_due ON case_scope (scope_key, phase, due_at, case_id, soon_at) WHERE due_at IS NOT NULL;
