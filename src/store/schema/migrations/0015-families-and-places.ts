// A family of refresh tokens is part of the row of its grant, and on SQLite grants and sessions lie at a place that their id tells.
// What was issued before is found by its hash. docs/decisions/0056

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

type Locate = 'instr' | 'strpos'

/** Letters of an id as a number to the base 36, as `numberIn` has it; what is no such letter counts as -1. */
const numberIn = (locate: Locate, id: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => from + at).reduce(
    (number, at) => `(${number} * 36 + ${locate}('${DIGITS}', substr(${id}, ${at + 1}, 1)) - 1)`,
    'CAST(0 AS BIGINT)',
  )

/** As `grantPlaced` has it. */
const place = (locate: Locate, id: string) =>
  `(((${numberIn(locate, id, 3, 12)} & 1099511627775) << 24) | ((${numberIn(locate, id, 12, 17)} & 4194303) << 2))`

const GIVEN = `grant_id, client_id, client_generation, user_id, user_number, user_generation, session_id, offline, scope_asked, scope,
  amr, authenticated_at, issued_at, expires_at, revoked_at, claims, resources`

/** Of the token `r` that is good, of the one that it replaced, `p`, and of the one before that, `b`. */
const FAMILY = {
  refresh_hash: 'r.hash',
  refresh_rotations: 'rr.nth',
  refresh_issued_at: 'r.issued_at',
  refresh_expires_at: 'r.expires_at',
  family_expires_at: 'r.family_expires_at',
  replaced_hash: 'p.hash',
  earlier_rotations: "CAST(b.rotated_at AS TEXT) || ' '",
  rotation_salt: 'p.rotation_salt',
  rotation_digest: 'p.rotation_digest',
  rotation_scope: 'p.rotation_scope',
  rotation_address: 'p.rotation_address',
  rotation_user_agent: 'p.rotation_user_agent',
  rotation_access_token: 'p.rotation_access_token',
}

/**
 * The tokens of each family in the order in which they came: the good one last, whatever clocks said, and before it the one that
 * was replaced in the instant in which it was made.
 */
const RANK = `INSERT INTO ranked_refresh_token (grant_id, nth, hash, expires_at, is_good)
SELECT t.grant_id, row_number() OVER (
    PARTITION BY t.grant_id
    ORDER BY CASE WHEN t.rotated_at IS NULL THEN 2 WHEN t.rotated_at = t.good_since THEN 1 ELSE 0 END, t.rotated_at, t.hash
  ) - 1, t.hash, t.expires_at, CASE WHEN t.rotated_at IS NULL THEN 1 ELSE 0 END
FROM (
  SELECT x.grant_id, x.hash, x.expires_at, x.rotated_at,
    max(CASE WHEN x.rotated_at IS NULL THEN x.issued_at END) OVER (PARTITION BY x.grant_id) AS good_since
  FROM refresh_token x
) t;`

const RANKED_TOKENS = `
  LEFT JOIN ranked_refresh_token rr ON rr.grant_id = t.grant_id AND rr.is_good = 1
  LEFT JOIN refresh_token r ON r.hash = rr.hash
  LEFT JOIN ranked_refresh_token pp ON pp.grant_id = rr.grant_id AND pp.nth = rr.nth - 1
  LEFT JOIN refresh_token p ON p.hash = pp.hash
  LEFT JOIN ranked_refresh_token bb ON bb.grant_id = rr.grant_id AND bb.nth = rr.nth - 2
  LEFT JOIN refresh_token b ON b.hash = bb.hash`

const SESSION = `secret_hash, session_id, user_id, user_number, user_generation, amr, authenticated_at, last_used_at, expires_at, ended_at`

const of = (alias: string, columns: string) => columns.replaceAll(/(\w+)/g, `${alias}.$1`)

interface Move {
  /** From one table to another, by this id. */
  readonly from: string
  readonly to: string
  readonly id: string
  /** Columns of the other, and what they get of the row `t`. */
  readonly columns: string
  readonly values: string
  readonly joins: string
}

/**
 * Those that are not there yet go to their first place, or so much further, where that is free. The last pass leaves none out: it
 * fails. A pass looks at rows only while some are left.
 */
const move = ({ from, to, id, columns, values, joins }: Move) =>
  [0, 1, 2, 3]
    .map((further) => {
      const first = place('instr', `t.${id}`)
      const some = `(SELECT 1 AS some WHERE (SELECT count(*) FROM ${from}) > (SELECT count(*) FROM ${to})) CROSS JOIN `
      const left = `WHERE NOT EXISTS (SELECT 1 FROM ${to} m WHERE m.place BETWEEN ${first} AND ${first} + 3 AND m.${id} = t.${id})`
      return `INSERT ${further === 3 ? '' : 'OR IGNORE '}INTO ${to} (place, ${columns})
SELECT ${first} + ${further}, ${values}
FROM ${further === 0 ? '' : some}${from} t${joins}
${further === 0 ? '' : left}
ORDER BY t.${id};`
    })
    .join('\n')

export const sql = `
-- sqlite
CREATE TABLE grant_by_place (
  place INTEGER PRIMARY KEY,
  grant_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  client_generation BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  user_number BIGINT NOT NULL,
  user_generation BIGINT NOT NULL,
  session_id TEXT NOT NULL,
  session_place BIGINT NOT NULL,
  offline BIGINT NOT NULL,
  scope_asked TEXT NOT NULL,
  scope TEXT NOT NULL,
  amr TEXT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  claims TEXT,
  resources TEXT,
  refresh_hash BLOB,
  refresh_rotations BIGINT,
  refresh_issued_at BIGINT,
  refresh_expires_at BIGINT,
  family_expires_at BIGINT,
  replaced_hash BLOB,
  earlier_rotations TEXT,
  rotation_salt BLOB,
  rotation_digest BLOB,
  rotation_scope TEXT,
  rotation_address TEXT,
  rotation_user_agent TEXT,
  rotation_access_token BLOB
);
CREATE TABLE ranked_refresh_token (
  grant_id TEXT NOT NULL,
  nth BIGINT NOT NULL,
  hash BLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  is_good BIGINT NOT NULL,
  PRIMARY KEY (grant_id, nth)
) WITHOUT ROWID;
${RANK}
${move({
  from: '"grant"',
  to: 'grant_by_place',
  id: 'grant_id',
  columns: `session_place, ${Object.keys(FAMILY).join(', ')}, ${GIVEN}`,
  values: `${place('instr', 't.session_id')}, ${Object.values(FAMILY).join(', ')}, ${of('t', GIVEN)}`,
  joins: RANKED_TOKENS,
})}
DROP TABLE "grant";
ALTER TABLE grant_by_place RENAME TO "grant";
CREATE INDEX grant_user_id_client_id ON "grant" (user_id, client_id);
CREATE INDEX grant_expires_at ON "grant" (expires_at);

CREATE TABLE session_by_place (
  place INTEGER PRIMARY KEY,
  secret_hash BLOB NOT NULL,
  session_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  user_number BIGINT NOT NULL,
  user_generation BIGINT NOT NULL,
  amr TEXT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
);
${move({ from: 'session', to: 'session_by_place', id: 'session_id', columns: SESSION, values: of('t', SESSION), joins: '' })}
DROP TABLE session;
ALTER TABLE session_by_place RENAME TO session;
CREATE UNIQUE INDEX session_secret_hash ON session (secret_hash);
CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX session_expires_at ON session (expires_at);
-- postgres
-- Rows lie where there was room there, and grants keep being found by their id.
ALTER TABLE "grant" ADD COLUMN place BIGINT;
ALTER TABLE "grant" ADD COLUMN session_place BIGINT;
ALTER TABLE "grant" ADD COLUMN refresh_hash BYTEA;
ALTER TABLE "grant" ADD COLUMN refresh_rotations BIGINT;
ALTER TABLE "grant" ADD COLUMN refresh_issued_at BIGINT;
ALTER TABLE "grant" ADD COLUMN refresh_expires_at BIGINT;
ALTER TABLE "grant" ADD COLUMN family_expires_at BIGINT;
ALTER TABLE "grant" ADD COLUMN replaced_hash BYTEA;
ALTER TABLE "grant" ADD COLUMN earlier_rotations TEXT;
ALTER TABLE "grant" ADD COLUMN rotation_salt BYTEA;
ALTER TABLE "grant" ADD COLUMN rotation_digest BYTEA;
ALTER TABLE "grant" ADD COLUMN rotation_scope TEXT;
ALTER TABLE "grant" ADD COLUMN rotation_address TEXT;
ALTER TABLE "grant" ADD COLUMN rotation_user_agent TEXT;
ALTER TABLE "grant" ADD COLUMN rotation_access_token BYTEA;
-- Before it is read: whoever still wrote to it is waited for, and nobody writes to it any more.
LOCK TABLE refresh_token IN ACCESS EXCLUSIVE MODE;
CREATE TABLE ranked_refresh_token (
  grant_id TEXT NOT NULL,
  nth BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  is_good BIGINT NOT NULL,
  PRIMARY KEY (grant_id, nth)
);
${RANK}
UPDATE "grant" AS w SET place = ${place('strpos', 't.grant_id')}, session_place = ${place('strpos', 't.session_id')},
  ${Object.entries(FAMILY)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')}
FROM "grant" t${RANKED_TOKENS}
WHERE w.grant_id = t.grant_id;
ALTER TABLE "grant" ALTER COLUMN place SET NOT NULL;
ALTER TABLE "grant" ALTER COLUMN session_place SET NOT NULL;
ALTER TABLE session ADD COLUMN place BIGINT;
UPDATE session SET place = ${place('strpos', 'session_id')};
ALTER TABLE session ALTER COLUMN place SET NOT NULL;
-- both
-- What names a grant carries its place. A token carries it where single claims are to be asked of its grant, and 0 elsewhere.
ALTER TABLE authorization_code ADD COLUMN grant_place BIGINT NOT NULL DEFAULT 0;
ALTER TABLE access_token RENAME COLUMN claims_asked TO claims_place;
-- sqlite
UPDATE authorization_code SET grant_place = ${place('instr', 'grant_id')};
UPDATE access_token SET claims_place = ${place('instr', 'grant_id')} WHERE claims_place = 1;
-- postgres
UPDATE authorization_code SET grant_place = ${place('strpos', 'grant_id')};
UPDATE access_token SET claims_place = ${place('strpos', 'grant_id')} WHERE claims_place = 1;
-- both
CREATE TABLE former_refresh_token (
-- sqlite
  hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  hash BYTEA NOT NULL PRIMARY KEY,
-- both
  grant_id TEXT NOT NULL,
  grant_place BIGINT NOT NULL,
  rotations BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
-- sqlite
) WITHOUT ROWID;
INSERT INTO former_refresh_token SELECT t.hash, t.grant_id, ${place('instr', 't.grant_id')}, t.nth, t.expires_at
FROM ranked_refresh_token t ORDER BY t.hash;
-- postgres
);
INSERT INTO former_refresh_token SELECT t.hash, t.grant_id, ${place('strpos', 't.grant_id')}, t.nth, t.expires_at
FROM ranked_refresh_token t;
-- both
DROP TABLE ranked_refresh_token;
DROP TABLE refresh_token;
CREATE INDEX former_refresh_token_expires_at ON former_refresh_token (expires_at);
`
