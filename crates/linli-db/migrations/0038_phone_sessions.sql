-- A session of a phone lasts as long as what lies there may be opened (72 hours), and ends with the phone.

ALTER TABLE session ADD COLUMN device_id {CODE};
CREATE INDEX session_device ON session (device_id) WHERE device_id IS NOT NULL;
