// Origins of confidential clients, too: their pages may show the frame that watches a session, and no more. Filled for
// clients of before by `fillClientOrigins`.

export const sql = `
ALTER TABLE client_origin ADD COLUMN runs_scripts BIGINT NOT NULL DEFAULT 1;
`
