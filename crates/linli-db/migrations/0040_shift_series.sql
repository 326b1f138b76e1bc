-- 排班: the shifts that were set together for several weeks are called off together.

ALTER TABLE shift ADD COLUMN series_id {CODE};
CREATE INDEX shift_series ON shift (series_id, starts_at) WHERE series_id IS NOT NULL;
