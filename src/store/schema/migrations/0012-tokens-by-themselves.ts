// An access token carries what decides whether it holds, and what has ended since is a short table beside it: reading one
// asks neither its grant nor its session, of which there are millions. docs/decisions/0043

export const sql = `
ALTER TABLE access_token ADD COLUMN user_id TEXT;
ALTER TABLE access_token ADD COLUMN user_generation BIGINT;
ALTER TABLE access_token ADD COLUMN session_id TEXT;
ALTER TABLE access_token ADD COLUMN claims_asked BIGINT NOT NULL DEFAULT 0;
UPDATE access_token SET
  user_id = g.user_id,
  user_generation = g.user_generation,
  session_id = CASE WHEN g.offline = 0 THEN g.session_id END,
  claims_asked = CASE WHEN g.claims IS NULL THEN 0 ELSE 1 END
FROM "grant" g WHERE g.grant_id = access_token.grant_id;

CREATE TABLE ending (
  id TEXT NOT NULL PRIMARY KEY,
  expires_at BIGINT NOT NULL
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX ending_expires_at ON ending (expires_at);
-- 31 days: longer than any access token lives.
INSERT INTO ending (id, expires_at) SELECT grant_id, revoked_at + 2678400 FROM "grant" WHERE revoked_at IS NOT NULL;
INSERT INTO ending (id, expires_at) SELECT session_id, ended_at + 2678400 FROM session WHERE ended_at IS NOT NULL;
-- sqlite
-- The same for users as \`client_state\` is for clients, with the statistics that let it be chosen.
CREATE INDEX user_state ON "user" (user_id, generation, enabled, removed_at, username);
DELETE FROM sqlite_stat1 WHERE tbl = 'user';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('user', 'sqlite_autoindex_user_1', '1000000 1'),
  ('user', 'user_state', '1000000 1 1 1 1 1');
ANALYZE sqlite_schema;
-- both
`
