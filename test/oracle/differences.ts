// Where the certified library `oidc-provider` answers otherwise than we do, and why we do as we do. The tests beside
// this file hold both to it; the page docs/reference/differences.md is made from it.

export interface Difference {
  /** Clause and promise, as the test says them. */
  readonly title: string
  /** What a client sees of the peer. */
  readonly sees: Readonly<Record<string, unknown>>
  readonly peer: string
  readonly why: string
}

export const DIFFERENCES: readonly Difference[] = [
  {
    title: 'OpenID Connect Core §3.1.2.1 an OpenID request without redirect_uri is told on a page',
    sees: { at: 'sign-in page' },
    peer: 'goes on with the only one that is registered',
    why: 'The clause makes the parameter REQUIRED. A plain OAuth 2.0 request of such a client may leave it out here too.',
  },
  {
    title: 'OAuth 2.0 Multiple Response Types §2.1 an unknown response_mode is told to the client',
    sees: { at: 'client', error: 'unsupported_response_mode', state: 'unchanged' },
    peer: 'answers `unsupported_response_mode`',
    why: 'RFC 6749 §4.1.2.1 lists the codes a client has to know; this one is not registered.',
  },
  {
    title: 'RFC 6749 §4.1.3 a missing redirect_uri is refused',
    sees: { status: 200 },
    peer: 'gives tokens when only one is registered',
    why: 'The clause requires it when the authorization request had one. `token.requireRedirectUri: false` is for clients that cannot.',
  },
  {
    title: 'RFC 6749 §5.2 a grant_type that the client is not registered for is refused',
    sees: { status: 400, error: 'invalid_request' },
    peer: 'answers `invalid_request`',
    why: 'The clause has a code of its own for it, `unauthorized_client`.',
  },
  {
    title: 'RFC 9700 §4.14.2 a repeat of the last refresh request is answered with the same tokens',
    sees: { status: 400, same: false },
    peer: 'takes it for theft and ends the grant',
    why: 'A lost reply, or two tabs, must sign nobody out. Within 30 seconds the same client gets the very same tokens; later a repeat ends the family here too.',
  },
  {
    title: "RFC 7662 §4 another client learns nothing of a client's token",
    sees: {
      status: 200,
      members: ['active', 'client_id', 'exp', 'iat', 'iss', 'scope', 'sub', 'token_type'],
      active: true,
    },
    peer: 'tells any client about any token',
    why: 'A token is nobody else’s business, unless an operator has made the asker a resource server (`introspection: all`).',
  },
  {
    title: 'RFC 7662 §2.1 a public client may not ask',
    sees: { status: 200, error: 'undefined' },
    peer: 'answers a client that has proven nothing',
    why: 'The clause wants the asker to be authorized, and anybody can call himself a public client.',
  },
  {
    title: 'RFC 7009 §2.1 a revoked access token leaves the refresh token alive',
    sees: { status: 400, error: 'invalid_grant' },
    peer: 'ends the whole grant',
    why: 'The clause leaves it open. Who wants to end everything revokes the refresh token.',
  },
  {
    title: 'OpenID Connect Core §6.2 an address of a request object that is not registered is refused',
    sees: { at: 'client', error: 'request_uri_not_supported' },
    peer: 'answers `request_uri_not_supported`',
    why: 'It takes request objects by value only. Here those at the registered `request_uris` are read, and an address that is none of them is an invalid one.',
  },
  {
    title: 'RFC 9126 §2.1 request_uri may not be pushed',
    sees: { status: 400, error: 'request_uri_not_supported', has: [] },
    peer: 'refuses it as `request_uri_not_supported`',
    why: 'By reference to request objects at addresses of its own the client may ask here, only not from this endpoint: the request is malformed (RFC 9126 §2.1).',
  },
  {
    title: 'RFC 9126 §4 a made-up reference is told on a page',
    sees: { at: 'client', error: 'invalid_request_uri' },
    peer: 'sends the browser to the one address that the client has registered',
    why: 'Nobody knows what the request asked for, and so not where its answer may go; the person learns that the sign-in is over.',
  },
  {
    title: 'RFC 9449 §11.1 a proof is good once',
    sees: { status: 400, error: 'invalid_grant' },
    peer: 'refuses it as `invalid_grant`',
    why: 'The code is good, and may come again with a new proof: RFC 9449 §5 has a code of its own for proofs.',
  },
  {
    title: 'RFC 9449 §7.2 a bound token is no bearer token',
    sees: { status: 400, error: 'invalid_request' },
    peer: 'refuses the request as malformed, because it holds a proof beside a bearer token',
    why: 'RFC 9449 §7.2 names the token as what is wrong, and the challenge tells the client which scheme to use.',
  },
]
