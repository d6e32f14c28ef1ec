// Resources (RFC 8707): the APIs that accept our tokens, which of them a grant is good for, and which one a token is
// meant for. A removed resource keeps its row, so that tokens for it stay dead when its identifier comes back.

export const sql = `
CREATE TABLE resource (
  resource_key TEXT NOT NULL PRIMARY KEY,
  identifier TEXT NOT NULL,
  settings TEXT NOT NULL,
  version BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  enabled BIGINT NOT NULL,
  removed_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX resource_identifier ON resource (identifier);

ALTER TABLE "grant" ADD COLUMN resources TEXT;
ALTER TABLE access_token ADD COLUMN resource TEXT;
ALTER TABLE access_token ADD COLUMN resource_generation BIGINT;

ALTER TABLE refresh_token ADD COLUMN
-- sqlite
  rotation_access_token BLOB;
-- postgres
  rotation_access_token BYTEA;
-- both
`
