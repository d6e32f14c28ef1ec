// Which clients are told of an ended session (null: not told; `session`: only of single sessions), and what they are
// still to be told.

export const sql = `
ALTER TABLE client ADD COLUMN backchannel_logout TEXT;

CREATE TABLE logout_delivery (
  delivery_id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  session_id TEXT,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  last_attempt_at BIGINT,
  last_reason TEXT,
  expires_at BIGINT NOT NULL
);
CREATE INDEX logout_delivery_due ON logout_delivery (client_id, due_at) WHERE state = 'waiting';
CREATE INDEX logout_delivery_expires_at ON logout_delivery (expires_at);
`
