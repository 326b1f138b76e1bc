-- A photo comes after the record that it belongs to: its place is kept by the digest of what will be sent, and its file has no name yet.

CREATE INDEX attachment_sent ON attachment (account_id, sent_sha256) WHERE sent_sha256 IS NOT NULL;
