// Signing keys: a place of its own for each of an algorithm, so that two nodes do not make the same one; when a key was
// revoked; and how long the longest-lived token lives that it has signed.

export const sql = `
ALTER TABLE signing_key ADD COLUMN turn BIGINT;
ALTER TABLE signing_key ADD COLUMN revoked_at BIGINT;
ALTER TABLE signing_key ADD COLUMN token_lifetime BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX signing_key_turn ON signing_key (algorithm, turn);
`
