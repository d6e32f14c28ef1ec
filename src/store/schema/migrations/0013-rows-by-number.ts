// Users have a number, which access tokens carry, and access tokens a place: on SQLite a row is found by either in one short
// descent. docs/decisions/0053

/** On SQLite: four bytes of a hash as a number. Of its functions only those for JSON5 read one, written in hexadecimal. */
const numberAt = (byte: number) => `(('0x' || hex(substr(t.hash, ${byte}, 4))) ->> '$')`

/** Bytes 2 to 9 of the hash without their last two bits, as `placed` has it. */
const PLACE = `((${numberAt(2)} << 32 | ${numberAt(6)}) & -4)`

const CARRIED = `hash, grant_id, client_id, client_generation, scope, resource, resource_generation, user_id, user_generation,
  session_id, claims_asked, issued_at, expires_at, revoked_at`

/** Those that are not there yet go to their first place, or so much further, where that is free. The last pass leaves none out: it fails. */
const moveTokens = (
  further: number,
) => `INSERT ${further === 3 ? '' : 'OR IGNORE '}INTO access_token_by_place (place, user_number, ${CARRIED})
SELECT ${PLACE} + ${further}, (SELECT u.number FROM "user" u WHERE u.user_id = t.user_id), ${CARRIED}
FROM ${further === 0 ? 'access_token t' : `${SOME_ARE_LEFT} CROSS JOIN access_token t WHERE ${IS_LEFT}`};`

/** One row, or none: then no token is looked at. */
const SOME_ARE_LEFT = `(SELECT 1 AS some
  WHERE (SELECT count(*) FROM access_token) > (SELECT count(*) FROM access_token_by_place))`
const IS_LEFT = `NOT EXISTS (
  SELECT 1 FROM access_token_by_place p WHERE p.place BETWEEN ${PLACE} AND ${PLACE} + 3 AND p.hash = t.hash)`

export const sql = `
-- sqlite
CREATE TABLE user_by_number (
  number INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL,
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
INSERT INTO user_by_number (user_id, username, username_key, profile, phone, phone_verified, email, email_verified,
  password_hash, enabled, generation, version, removed_at, import_id, created_at, updated_at)
SELECT user_id, username, username_key, profile, phone, phone_verified, email, email_verified,
  password_hash, enabled, generation, version, removed_at, import_id, created_at, updated_at
FROM "user" ORDER BY rowid;
DROP TABLE "user";
ALTER TABLE user_by_number RENAME TO "user";
CREATE UNIQUE INDEX user_user_id ON "user" (user_id);
CREATE UNIQUE INDEX user_username_key ON "user" (username_key);
CREATE UNIQUE INDEX user_phone ON "user" (phone) WHERE enabled = 1 AND phone IS NOT NULL;
CREATE INDEX user_import_id ON "user" (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX user_state ON "user" (user_id, generation, enabled, removed_at, username);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('user', 'user_user_id', '1000000 1'),
  ('user', 'user_state', '1000000 1 1 1 1 1');
ANALYZE sqlite_schema;

CREATE TABLE access_token_by_place (
  place INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  grant_id TEXT,
  client_id TEXT NOT NULL,
  client_generation BIGINT NOT NULL,
  scope TEXT NOT NULL,
  resource TEXT,
  resource_generation BIGINT,
  user_id TEXT,
  user_number BIGINT,
  user_generation BIGINT,
  session_id TEXT,
  claims_asked BIGINT NOT NULL DEFAULT 0,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
${[0, 1, 2, 3].map(moveTokens).join('\n')}
DROP TABLE access_token;
ALTER TABLE access_token_by_place RENAME TO access_token;
CREATE INDEX access_token_expires_at ON access_token (expires_at);
-- postgres
-- Rows lie where there was room and are found by an index in any case: tokens keep being found by their hash, users by their id;
-- all users have one number.
ALTER TABLE "user" ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE access_token ADD COLUMN place BIGINT;
ALTER TABLE access_token ADD COLUMN user_number BIGINT;
UPDATE access_token SET
  place = CAST(CAST('x' || encode(substring(hash from 2 for 8), 'hex') AS BIT(64)) AS BIGINT) & -4,
  user_number = CASE WHEN user_id IS NOT NULL THEN 0 END;
ALTER TABLE access_token ALTER COLUMN place SET NOT NULL;
-- both
`
