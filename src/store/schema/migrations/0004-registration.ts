// Clients that registered themselves (RFC 7591), what lets them, and the pictures of clients.

export const sql = `
CREATE TABLE client_registration (
  client_id TEXT NOT NULL PRIMARY KEY,
-- sqlite
  token_hash BLOB,
-- postgres
  token_hash BYTEA,
-- both
  policy TEXT NOT NULL,
  software_statement TEXT,
  initial_token_id TEXT,
  address TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  removed_at BIGINT
);
CREATE INDEX client_registration_address ON client_registration (address, created_at);
CREATE INDEX client_registration_last_used_at ON client_registration (last_used_at) WHERE removed_at IS NULL;
CREATE INDEX client_registration_removed_at ON client_registration (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE initial_access_token (
  token_id TEXT NOT NULL PRIMARY KEY,
-- sqlite
  hash BLOB NOT NULL,
-- postgres
  hash BYTEA NOT NULL,
-- both
  note TEXT,
  policy TEXT NOT NULL,
  uses_left BIGINT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX initial_access_token_hash ON initial_access_token (hash);
CREATE INDEX initial_access_token_expires_at ON initial_access_token (expires_at);

CREATE TABLE client_logo (
  client_id TEXT NOT NULL PRIMARY KEY,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
-- sqlite
  content BLOB NOT NULL,
-- postgres
  content BYTEA NOT NULL,
-- both
  stored_at BIGINT NOT NULL
);
`
