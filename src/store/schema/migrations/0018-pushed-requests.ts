// Authorization requests that clients push before they send a browser (RFC 9126).

export const sql = `
CREATE TABLE pushed_request (
-- sqlite
  reference_hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  reference_hash BYTEA NOT NULL PRIMARY KEY,
-- both
  client_id TEXT NOT NULL,
  address TEXT,
  size BIGINT NOT NULL,
  parameters TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX pushed_request_address ON pushed_request (address, created_at) WHERE address IS NOT NULL;
CREATE INDEX pushed_request_expires_at ON pushed_request (expires_at);
`
