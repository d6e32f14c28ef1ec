// Origins whose scripts may read replies to public clients, so that a browser's request looks up one row and not all
// clients. Filled for clients of before by `fillScriptOrigins`.
// And the consents of one client, which end with it.

export const sql = `
CREATE TABLE client_origin (
  origin TEXT NOT NULL,
  client_id TEXT NOT NULL,
  PRIMARY KEY (origin, client_id)
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX client_origin_client_id ON client_origin (client_id);
CREATE INDEX consent_client_id ON consent (client_id);
`
