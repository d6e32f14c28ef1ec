// Who has fetched the signing keys: which address fetched them last, and from which addresses clients have had tokens.
// Addresses are kept as digests under the master key.

export const sql = `
CREATE TABLE key_fetch (
-- sqlite
  address_hash BLOB NOT NULL PRIMARY KEY,
-- postgres
  address_hash BYTEA NOT NULL PRIMARY KEY,
-- both
  fetched_at BIGINT NOT NULL
);
CREATE INDEX key_fetch_fetched_at ON key_fetch (fetched_at);

CREATE TABLE client_address (
  client_id TEXT NOT NULL,
-- sqlite
  address_hash BLOB NOT NULL,
-- postgres
  address_hash BYTEA NOT NULL,
-- both
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (client_id, address_hash)
);
CREATE INDEX client_address_address ON client_address (address_hash);
CREATE INDEX client_address_seen_at ON client_address (seen_at);
`
