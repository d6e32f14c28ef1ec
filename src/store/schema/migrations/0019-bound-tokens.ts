// The key that a token, a code or a family is bound to (RFC 9449), as its thumbprint; null: to none.

export const sql = `
ALTER TABLE access_token ADD COLUMN key_thumbprint TEXT;
ALTER TABLE authorization_code ADD COLUMN key_thumbprint TEXT;
ALTER TABLE "grant" ADD COLUMN refresh_key_thumbprint TEXT;
ALTER TABLE "grant" ADD COLUMN rotation_key_thumbprint TEXT;
`
