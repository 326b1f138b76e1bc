-- 走访台账、隐患台账: a workbook of what was done is of a time.

ALTER TABLE submission ADD COLUMN from_at BIGINT;
ALTER TABLE submission ADD COLUMN to_at BIGINT;

-- What imports, ledgers and lists look by.
CREATE INDEX visit_captured ON visit (area_code, captured_at);
CREATE INDEX cases_hazard ON cases (area_code, reported_at) WHERE kind = 'hazard';
CREATE INDEX shift_starts ON shift (starts_at);
CREATE INDEX visit_list_record ON visit_list (record_id);
CREATE INDEX resident_namesake ON resident (household_id, name_index) WHERE state = 'active';
CREATE INDEX registry_import_change_record ON registry_import_change (record_id) WHERE record_kind = 'hazard';
