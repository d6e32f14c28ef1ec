// Sessions and grants carry the number of their user, as access tokens do: on SQLite a request goes to a person's row by one short
// descent, and what it asks again as a guard lies where it has just been. docs/decisions/0055

const NUMBER = (of: string) => `COALESCE((SELECT u.number FROM "user" u WHERE u.user_id = ${of}.user_id), 0)`

const SESSION = `secret_hash, session_id, user_id, user_generation, amr, authenticated_at, last_used_at, expires_at, ended_at`
const GRANT = `grant_id, client_id, client_generation, user_id, user_generation, session_id, offline, scope_asked, scope, amr,
  authenticated_at, issued_at, expires_at, revoked_at, claims, resources`

export const sql = `
-- sqlite
CREATE TABLE session_with_number (
  secret_hash BLOB NOT NULL,
  session_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  user_number BIGINT NOT NULL,
  user_generation BIGINT NOT NULL,
  amr TEXT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
) WITHOUT ROWID;
INSERT INTO session_with_number (user_number, ${SESSION}) SELECT ${NUMBER('s')}, ${SESSION} FROM session s ORDER BY session_id;
DROP TABLE session;
ALTER TABLE session_with_number RENAME TO session;
CREATE UNIQUE INDEX session_secret_hash ON session (secret_hash);
CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE grant_with_number (
  grant_id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL,
  client_generation BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  user_number BIGINT NOT NULL,
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
INSERT INTO grant_with_number (user_number, ${GRANT}) SELECT ${NUMBER('g')}, ${GRANT} FROM "grant" g ORDER BY grant_id;
DROP TABLE "grant";
ALTER TABLE grant_with_number RENAME TO "grant";
CREATE INDEX grant_user_id_client_id ON "grant" (user_id, client_id);
CREATE INDEX grant_expires_at ON "grant" (expires_at);

-- Nobody asks it any more.
DROP INDEX user_state;
DELETE FROM sqlite_stat1 WHERE idx = 'user_state';
ANALYZE sqlite_schema;
-- postgres
-- All users have one number there, and are found by their id. Grants first, as requests lock the two.
ALTER TABLE "grant" ADD COLUMN user_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN user_number BIGINT NOT NULL DEFAULT 0;
-- both
`
