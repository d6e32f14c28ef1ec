// Clients that sign: the sealed secret of those that sign with it, and the assertions that were used.

export const sql = `
ALTER TABLE client ADD COLUMN
-- sqlite
  sealed_secret BLOB;
-- postgres
  sealed_secret BYTEA;
-- both

CREATE TABLE assertion_jti (
-- sqlite
  hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  hash BYTEA NOT NULL PRIMARY KEY,
-- both
  expires_at BIGINT NOT NULL
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX assertion_jti_expires_at ON assertion_jti (expires_at);
`
