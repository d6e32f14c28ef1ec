// What each table and index is for. `docs/reference/database.md` is made from this and from the migrations; a table or
// index that only one of them has fails the check.

export interface TableNote {
  /** What a row is, how many rows there are, and what deletes them. */
  readonly holds: string
  /** Each index and key beside the primary key, by name, with the statements that need it. */
  readonly indexes: Readonly<Record<string, string>>
  /** Where PostgreSQL has another primary key, and with it other indexes. */
  readonly postgres?: OnPostgres
}

export interface OnPostgres {
  readonly key: string
  /** Indexes of SQLite that it has not. */
  readonly lacks: readonly string[]
  readonly indexes: Readonly<Record<string, { readonly over: string; readonly reason: string }>>
}

const keyed = (key: string, lacks: readonly string[] = [], indexes: OnPostgres['indexes'] = {}): OnPostgres => ({
  key,
  lacks,
  indexes,
})

const PRUNED = 'Taken away when it has expired.'
const PRUNING = 'Pruning finds what has expired without looking at the rest.'

export const TABLE_NOTES: Readonly<Record<string, TableNote>> = {
  access_token: {
    holds: `An access token by its SHA-256, on SQLite by its place: one a redemption, refresh or client credentials request. ${PRUNED}`,
    indexes: { access_token_expires_at: PRUNING },
    postgres: keyed('hash'),
  },
  assertion_jti: {
    holds: `A client assertion, or a proof of a key (RFC 9449), that was used, so that it is used once on all nodes. ${PRUNED}`,
    indexes: { assertion_jti_expires_at: PRUNING },
  },
  attempt: {
    holds: `A counter against guessing by the hash of whom it counts. ${PRUNED}`,
    indexes: { attempt_expires_at: PRUNING },
  },
  authorization_code: {
    holds: `A code by its SHA-256, also after it was used, so that a replay is noticed. ${PRUNED}`,
    indexes: { authorization_code_expires_at: PRUNING },
  },
  client: {
    holds:
      'A client application with its settings as JSON. A removed one keeps its row, so that its id is not given out again.',
    indexes: {
      client_state:
        'All that most requests ask of a client, without its long settings: reads do not go on to the table. (SQLite only.)',
    },
    postgres: keyed('client_id', ['client_state']),
  },
  client_address: {
    holds: `An address, as a keyed hash, from which a client was seen: whoever fetches keys from there is that client. ${PRUNED}`,
    indexes: {
      client_address_address: 'Which clients an address belongs to that has fetched the keys.',
      client_address_seen_at: PRUNING,
    },
  },
  client_logo: {
    holds: 'The picture of a client, fetched once and served from here.',
    indexes: {},
  },
  client_origin: {
    holds:
      'An origin of a client’s redirect URIs: whether its scripts may read replies to a public client, or its pages show the frame of session management, is one row to look up.',
    indexes: { client_origin_client_id: 'A change of a client replaces its origins.' },
  },
  client_registration: {
    holds: 'How a client came to register itself, and when it was last used. Ends with its client.',
    indexes: {
      client_registration_address: 'How many clients one address has registered lately.',
      client_registration_last_used_at: 'Registered clients that nobody uses are found in the order of disuse.',
      client_registration_removed_at: PRUNING,
    },
  },
  consent: {
    holds: 'A remembered yes: one for each user and client. Ends with either, or when it is withdrawn.',
    indexes: { consent_client_id: 'Removing a client ends its consents, without a look at those of others.' },
  },
  ending: {
    holds: `The id of a grant that was revoked or of a session that has ended, while access tokens that name it may live. ${PRUNED}`,
    indexes: { ending_expires_at: PRUNING },
  },
  device_request: {
    holds: `What a device without a browser asks for (RFC 8628), by the SHA-256 of its code, also after it was answered; those of strangers are bounded. ${PRUNED}`,
    indexes: {
      device_request_user_code_hash: 'What somebody types is found by its keyed hash, and two never share one.',
      device_request_address:
        'What one address of strangers has beyond its bound is deleted, oldest first. (Only those of strangers have an address.)',
      device_request_expires_at: PRUNING,
    },
  },
  event: {
    holds: 'A security event. Kept for `lifetimes.events`.',
    indexes: { event_at: 'The newest are listed, and the oldest are pruned.' },
  },
  former_refresh_token: {
    holds: `A refresh token of a release that gave each a row, by its SHA-256, and the grant it belongs to. None is added. ${PRUNED}`,
    indexes: { former_refresh_token_expires_at: PRUNING },
  },
  grant: {
    holds: `What a user has given a client; codes and tokens hang on it, and a family of refresh tokens is part of it: the one that is good, and what must be known of those before it. ${PRUNED}`,
    indexes: {
      grant_expires_at: PRUNING,
      grant_user_id_client_id: 'Withdrawing a consent revokes the grants of one user and client.',
    },
    postgres: keyed('grant_id'),
  },
  initial_access_token: {
    holds: 'A token that lets somebody register a client. Taken away some time after it has expired.',
    indexes: {
      initial_access_token_expires_at: PRUNING,
      initial_access_token_hash: 'A presented token is found by its SHA-256, and two never share one.',
    },
  },
  installation: {
    holds: 'A fact about the whole installation, such as its issuer. A handful.',
    indexes: {},
  },
  interaction: {
    holds: `A sign-in under way; strangers can make them, so they are bounded. ${PRUNED}`,
    indexes: {
      interaction_address: 'What one address has beyond its bound is deleted, oldest first.',
      interaction_browser_hash: 'What one browser has beyond its bound is deleted, oldest first.',
      interaction_expires_at: PRUNING,
    },
  },
  key_fetch: {
    holds: `When an address, as a keyed hash, last fetched the signing keys. ${PRUNED}`,
    indexes: { key_fetch_fetched_at: PRUNING },
  },
  logout_delivery: {
    holds: `A back-channel logout that a client is to hear of. ${PRUNED}`,
    indexes: {
      logout_delivery_due: 'What each client is due to hear now, among the few that are waiting.',
      logout_delivery_expires_at: PRUNING,
    },
  },
  pushed_request: {
    holds: `An authorization request that its client has pushed (RFC 9126), by the SHA-256 of its reference, until it is answered; those of strangers are bounded. ${PRUNED}`,
    indexes: {
      pushed_request_address:
        'What one address of strangers has beyond its bound is deleted, oldest first. (Only those of strangers have an address.)',
      pushed_request_expires_at: PRUNING,
    },
  },
  resource: {
    holds: 'A resource server that tokens are made for. A removed one keeps its row.',
    indexes: { resource_identifier: 'A request names a resource by its identifier.' },
  },
  schema_lease: {
    holds:
      'A row that a node locks while it migrates, and one that says who prunes now, so that of many nodes one does.',
    indexes: {},
  },
  schema_version: { holds: 'A migration that was applied.', indexes: {} },
  session: {
    holds: `A signed-in browser by the id that its grants know, on SQLite by its place, with the names of browser and system that its person is shown; a browser knows the secret. ${PRUNED} An ended one is kept as long as a grant given in it can live.`,
    indexes: {
      session_expires_at: PRUNING,
      session_secret_hash:
        'A browser is found by its secret, and two never share one. (SQLite only: the primary key of PostgreSQL.)',
      session_user_id: 'Disabling a user, or a new password, ends all their sessions.',
    },
    postgres: keyed('secret_hash', ['session_secret_hash'], {
      session_session_id: { over: 'session_id; unique', reason: 'A session is found by the id that its grants know.' },
    }),
  },
  signing_key: {
    holds: 'A signing key, its private part sealed. A handful, read into memory.',
    indexes: { signing_key_turn: 'Of several nodes one makes the next key of an algorithm.' },
  },
  ticket: {
    holds: `A link that opens something once, by its SHA-256. ${PRUNED}`,
    indexes: { ticket_expires_at: PRUNING },
  },
  trace: {
    holds: 'Why a request was decided as it was. The newest 10,000, for 14 days.',
    indexes: {
      trace_at: 'The newest are listed, and what lies beyond the bound is deleted.',
      trace_client_id: 'The newest of one client, and its newest at one endpoint.',
    },
  },
  user: {
    holds: 'A person. An erased one keeps a row without personal data, so that the id is not used again.',
    indexes: {
      user_import_id: 'Users of an unfinished import, which are few: those that are finished carry no mark.',
      user_phone: 'Two enabled users never share a phone number; nobody looks people up by it.',
      user_user_id: 'A user is found by the id that clients know. (SQLite only: the primary key of PostgreSQL.)',
      user_username_key: 'A person who signs in is found by name, and two never share one.',
    },
    postgres: keyed('user_id', ['user_user_id']),
  },
  user_import: { holds: 'An import of users under way, or being tidied up after.', indexes: {} },
}
