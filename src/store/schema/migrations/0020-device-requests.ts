// What devices without a browser ask for (RFC 8628), until somebody has answered on another one and the device has fetched
// its tokens.

export const sql = `
CREATE TABLE device_request (
-- sqlite
  device_hash BLOB NOT NULL PRIMARY KEY,
  user_code_hash BLOB NOT NULL,
-- postgres
  device_hash BYTEA NOT NULL PRIMARY KEY,
  user_code_hash BYTEA NOT NULL,
-- both
  client_id TEXT NOT NULL,
  address TEXT,
  size BIGINT NOT NULL,
  request TEXT NOT NULL,
  grant_id TEXT,
  grant_place BIGINT,
  denied_at BIGINT,
  consumed_at BIGINT,
  created_at BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_request_user_code_hash ON device_request (user_code_hash);
CREATE INDEX device_request_address ON device_request (address, created_at) WHERE address IS NOT NULL;
CREATE INDEX device_request_expires_at ON device_request (expires_at);
`
