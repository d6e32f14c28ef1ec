// Passwords that somebody else has chosen: whoever signs in with one chooses their own before they go on.

export const sql = `
ALTER TABLE "user" ADD COLUMN password_temporary BIGINT NOT NULL DEFAULT 0;
`
