-- 走访台账、隐患台账: a workbook of what was done is of a time.

ALTER TABLE submission ADD COLUMN from_at BIGINT;
ALTER TABLE submission ADD COLUMN to_at BIGINT;
