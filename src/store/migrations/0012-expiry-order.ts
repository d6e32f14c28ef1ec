// What expires by the thousand is pruned by an index in which new rows go to the end.

export const sql = `
ALTER TABLE access_token ADD COLUMN expiry_order BIGINT;
UPDATE access_token SET expiry_order = expires_at * 1000000;
DROP INDEX access_token_expires_at;
CREATE INDEX access_token_expiry_order ON access_token (expiry_order);

ALTER TABLE refresh_token ADD COLUMN expiry_order BIGINT;
UPDATE refresh_token SET expiry_order = expires_at * 1000000;
DROP INDEX refresh_token_expires_at;
CREATE INDEX refresh_token_expiry_order ON refresh_token (expiry_order);

ALTER TABLE authorization_code ADD COLUMN expiry_order BIGINT;
UPDATE authorization_code SET expiry_order = expires_at * 1000000;
DROP INDEX authorization_code_expires_at;
CREATE INDEX authorization_code_expiry_order ON authorization_code (expiry_order);

ALTER TABLE "grant" ADD COLUMN expiry_order BIGINT;
UPDATE "grant" SET expiry_order = expires_at * 1000000;
DROP INDEX grant_expires_at;
CREATE INDEX grant_expiry_order ON "grant" (expiry_order);
`
