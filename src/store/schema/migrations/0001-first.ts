// The first schema: clients, users, sessions, grants and what hangs on them. Constraints are named
// `<table>_<columns>`, as SQLite reports them, so that both databases tell the same story.

// `-- sqlite` and `-- postgres` sections hold until the next `-- both`.
export const sql = `
CREATE TABLE installation (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE client (
  client_id TEXT NOT NULL PRIMARY KEY,
  settings TEXT NOT NULL,
  version BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  enabled BIGINT NOT NULL,
  removed_at BIGINT,
-- sqlite
  secret_hash BLOB,
-- postgres
  secret_hash BYTEA,
-- both
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE "user" (
  user_id TEXT NOT NULL PRIMARY KEY,
  username TEXT,
  username_key TEXT,
  profile TEXT NOT NULL,
  phone TEXT,
  phone_verified BIGINT NOT NULL,
  email TEXT,
  email_verified BIGINT NOT NULL,
  password_hash TEXT,
  enabled BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  version BIGINT NOT NULL,
  removed_at BIGINT,
  import_id TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_username_key ON "user" (username_key);
CREATE UNIQUE INDEX user_phone ON "user" (phone) WHERE enabled = 1 AND phone IS NOT NULL;

CREATE TABLE session (
-- sqlite
  secret_hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  secret_hash BYTEA NOT NULL PRIMARY KEY,
-- both
  session_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  user_generation BIGINT NOT NULL,
  amr TEXT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE UNIQUE INDEX session_session_id ON session (session_id);
CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE consent (
  user_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  kinds TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, client_id)
);

CREATE TABLE "grant" (
  grant_id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL,
  client_generation BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  user_generation BIGINT NOT NULL,
  session_id TEXT NOT NULL,
  offline BIGINT NOT NULL,
  scope_asked TEXT NOT NULL,
  scope TEXT NOT NULL,
  amr TEXT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX grant_user_id_client_id ON "grant" (user_id, client_id);
CREATE INDEX grant_expires_at ON "grant" (expires_at);

CREATE TABLE authorization_code (
-- sqlite
  hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  hash BYTEA NOT NULL PRIMARY KEY,
-- both
  grant_id TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  code_challenge TEXT,
  nonce TEXT,
  failures BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  consumed_at BIGINT
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX authorization_code_expires_at ON authorization_code (expires_at);

CREATE TABLE access_token (
-- sqlite
  hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  hash BYTEA NOT NULL PRIMARY KEY,
-- both
  grant_id TEXT,
  client_id TEXT NOT NULL,
  client_generation BIGINT NOT NULL,
  scope TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX access_token_expires_at ON access_token (expires_at);

CREATE TABLE refresh_token (
-- sqlite
  hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  hash BYTEA NOT NULL PRIMARY KEY,
-- both
  grant_id TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  family_expires_at BIGINT NOT NULL,
  rotated_at BIGINT,
-- sqlite
  rotation_salt BLOB,
  rotation_digest BLOB,
-- postgres
  rotation_salt BYTEA,
  rotation_digest BYTEA,
-- both
  rotation_scope TEXT,
  rotation_address TEXT,
  rotation_user_agent TEXT
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX refresh_token_expires_at ON refresh_token (expires_at);

CREATE TABLE interaction (
  interaction_id TEXT NOT NULL PRIMARY KEY,
-- sqlite
  browser_hash BLOB NOT NULL,
-- postgres
  browser_hash BYTEA NOT NULL,
-- both
  address TEXT NOT NULL,
  size BIGINT NOT NULL,
  request TEXT NOT NULL,
  authenticated_session_id TEXT,
  chosen_session_id TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX interaction_browser_hash ON interaction (browser_hash, created_at);
CREATE INDEX interaction_address ON interaction (address, created_at);
CREATE INDEX interaction_expires_at ON interaction (expires_at);

CREATE TABLE signing_key (
  key_id TEXT NOT NULL PRIMARY KEY,
  algorithm TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
-- sqlite
  sealed_private_key BLOB NOT NULL,
-- postgres
  sealed_private_key BYTEA NOT NULL,
-- both
  created_at BIGINT NOT NULL,
  active_at BIGINT NOT NULL,
  retired_at BIGINT
);

CREATE TABLE attempt (
-- sqlite
  key_hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  key_hash BYTEA NOT NULL PRIMARY KEY,
-- both
  failures BIGINT NOT NULL,
  window_start BIGINT NOT NULL,
  blocked_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX attempt_expires_at ON attempt (expires_at);

CREATE TABLE ticket (
-- sqlite
  hash BLOB NOT NULL PRIMARY KEY,
  bound_browser_hash BLOB,
-- postgres
  hash BYTEA NOT NULL PRIMARY KEY,
  bound_browser_hash BYTEA,
-- both
  purpose TEXT NOT NULL,
  detail TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX ticket_expires_at ON ticket (expires_at);

CREATE TABLE event (
  event_id TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  at BIGINT NOT NULL,
  client_id TEXT,
  user_id TEXT,
  detail TEXT NOT NULL
);
CREATE INDEX event_at ON event (at);

CREATE TABLE trace (
  trace_id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  client_id TEXT,
  endpoint TEXT NOT NULL,
  outcome TEXT NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX trace_at ON trace (at);
CREATE INDEX trace_client_id ON trace (client_id, endpoint, at);

-- An import writes its users with import_id set; they become visible together when published_at is.
CREATE TABLE user_import (
  import_id TEXT NOT NULL PRIMARY KEY,
  started_at BIGINT NOT NULL,
  alive_at BIGINT NOT NULL,
  published_at BIGINT
);
CREATE INDEX user_import_id ON "user" (import_id) WHERE import_id IS NOT NULL;
`
