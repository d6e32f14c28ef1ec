// Grants keep the single claims that were asked for by name (OpenID Connect Core §5.5), as JSON; null: none.

export const sql = `
ALTER TABLE "grant" ADD COLUMN claims TEXT;
`
