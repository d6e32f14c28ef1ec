// On SQLite: tables whose rows are short are their own primary key, so that finding one is one look-up and not two; and
// what requests ask of a client lies in an index by itself, apart from the long settings. docs/decisions/0032

export const sql = `
-- sqlite
CREATE TABLE grant_by_key (
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
  revoked_at BIGINT,
  claims TEXT,
  resources TEXT
) WITHOUT ROWID;
INSERT INTO grant_by_key (grant_id, client_id, client_generation, user_id, user_generation, session_id, offline,
  scope_asked, scope, amr, authenticated_at, issued_at, expires_at, revoked_at, claims, resources)
SELECT grant_id, client_id, client_generation, user_id, user_generation, session_id, offline,
  scope_asked, scope, amr, authenticated_at, issued_at, expires_at, revoked_at, claims, resources
FROM "grant" ORDER BY grant_id;
DROP TABLE "grant";
ALTER TABLE grant_by_key RENAME TO "grant";
CREATE INDEX grant_user_id_client_id ON "grant" (user_id, client_id);
CREATE INDEX grant_expires_at ON "grant" (expires_at);

-- Most reads come from a grant and look for the session by its id; a browser's secret finds the id.
CREATE TABLE session_by_key (
  secret_hash BLOB NOT NULL,
  session_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  user_generation BIGINT NOT NULL,
  amr TEXT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
) WITHOUT ROWID;
INSERT INTO session_by_key (secret_hash, session_id, user_id, user_generation, amr, authenticated_at, last_used_at,
  expires_at, ended_at)
SELECT secret_hash, session_id, user_id, user_generation, amr, authenticated_at, last_used_at, expires_at, ended_at
FROM session ORDER BY session_id;
DROP TABLE session;
ALTER TABLE session_by_key RENAME TO session;
CREATE UNIQUE INDEX session_secret_hash ON session (secret_hash);
CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE consent_by_key (
  user_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  kinds TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, client_id)
) WITHOUT ROWID;
INSERT INTO consent_by_key (user_id, client_id, scope, kinds, given_at)
SELECT user_id, client_id, scope, kinds, given_at FROM consent ORDER BY user_id, client_id;
DROP TABLE consent;
ALTER TABLE consent_by_key RENAME TO consent;
CREATE INDEX consent_client_id ON consent (client_id);

CREATE TABLE attempt_by_key (
  key_hash BLOB NOT NULL PRIMARY KEY,
  failures BIGINT NOT NULL,
  window_start BIGINT NOT NULL,
  blocked_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO attempt_by_key (key_hash, failures, window_start, blocked_until, expires_at)
SELECT key_hash, failures, window_start, blocked_until, expires_at FROM attempt ORDER BY key_hash;
DROP TABLE attempt;
ALTER TABLE attempt_by_key RENAME TO attempt;
CREATE INDEX attempt_expires_at ON attempt (expires_at);

-- Settings are two kilobytes: without them ten thousand clients need half a megabyte and not forty.
CREATE INDEX client_state ON client (client_id, version, generation, enabled, removed_at);
-- Statistics as ANALYZE would gather them: without them the shorter index is preferred, and the settings are met again.
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1 WHERE tbl = 'client';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('client', 'sqlite_autoindex_client_1', '1000000 1'),
  ('client', 'client_state', '1000000 1 1 1 1 1');
ANALYZE sqlite_schema;
-- both
`
