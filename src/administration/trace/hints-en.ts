// What an operator should correct, for each rule that decides about a request: in plain English. The keys are the
// rules that have a hint at all; a test compares them with the source.

export const HINTS_EN = {
  // Answered
  person_needed: 'In order: the browser was sent to a page where the person signs in or consents.',
  code_issued: 'In order: the code went to the redirect URI. The next request should be one for a token.',
  token_issued: 'In order: tokens were issued. Where a person signed in, the next request should be one for user info.',
  user_info_answered: 'In order: the client knows now who signed in.',
  token_active: 'In order: the token is good.',
  token_inactive:
    'Answered "inactive": the token is expired, revoked, unknown, or not one that this client may ask about.',
  token_revoked: 'In order: the token is revoked.',
  token_unknown: 'In order: there was nothing to revoke.',
  signed_out: 'In order: the person is signed out.',
  sign_out_declined: 'In order: the person chose to stay signed in.',

  // Who the client is
  client_unknown: 'No client has this client_id. Copy ClientId again from "npx lingpai client list", without blanks.',
  client_document_unusable:
    'The client_id is the address of a document that cannot be used. The reason names what to correct there, or in registration.documentHosts; an address that is not public must be in outboundAllow, and outboundAllowStrangers be on.',
  client_disabled: 'The client is disabled. Enable it, if it should be used.',
  client_changed:
    'The client was disabled after this was issued, so it never works again. Let the person sign in anew.',
  client_id_missing: 'Send client_id exactly once in the authorization request.',
  client_id_differs: 'client_id in the body and in the Basic header differ. Enter the same ClientId in both places.',
  client_credentials_missing:
    'The client did not identify itself. Send the header "authorization: Basic …", or client_id in the body.',
  client_secret_missing: 'Only the id came, no secret. Enter ClientSecret at the client.',
  client_secret_wrong:
    'The secret is wrong. Copy it again without blanks, or make a new one: "npx lingpai client rotate-secret CLIENT_ID".',
  client_authentication_method:
    'The client used another method than its token_endpoint_auth_method. Correct the setting or the client; between basic and post, switch strictAuthMethod off.',
  client_authentication_limited:
    'Too many wrong secrets from this address within a minute. Correct ClientSecret, then wait a minute.',
  client_credentials_public: 'A public client cannot use client_credentials. Register one with a secret.',
  public_client_sent_secret:
    'The client is registered as public, but sends a secret. Register it with one, or let it send none.',
  basic_malformed: 'The header must be the word Basic, a blank, and base64 of client_id:client_secret.',
  two_authentication_methods:
    'The client proved itself in two ways at once. Choose one; for the same secret in header and body, set bothWhenIdentical.',
  assertion_missing: 'The client is registered to sign an assertion, but sent none. Set its method at the client.',
  assertion_incomplete: 'client_assertion and client_assertion_type belong together. Send both.',
  assertion_type: 'Send client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer.',
  assertion_malformed:
    'client_assertion must be a JWT that was made and signed for this request. Correct it at the client.',
  assertion_algorithm:
    'The assertion is signed with another algorithm than the client may use. Compare token_endpoint_auth_signing_alg.',
  assertion_issuer: 'iss and sub of the assertion must be the client_id. Correct it at the client.',
  assertion_audience: 'aud of the assertion must be this issuer, or its token endpoint. Correct it at the client.',
  assertion_expiry: 'exp of the assertion must be a number at most five minutes ahead. Shorten it at the client.',
  assertion_expired: "The assertion is too old. Compare the client's clock with ours, and make one for every request.",
  assertion_early: "The assertion is from the future. Correct the client's clock.",
  assertion_jti: 'The assertion needs a jti of 1 to 256 characters, a new one each time.',
  assertion_replayed:
    'The assertion was used before. Let the client make a new one, with a new jti, for every request.',
  assertion_signature:
    "The assertion is signed with another key or secret. Compare the client's key with jwks, or its secret.",
  assertion_key_unknown:
    'No key of the client fits kid and alg of the assertion. Add it to jwks, or where jwks_uri leads.',
  assertion_key_ambiguous: 'Several keys of the client fit. Let it send kid, and give each key a kid of its own.',
  client_keys_unavailable:
    "The client's keys could not be fetched from jwks_uri. See the reason; hosts that are not public belong in outboundAllow, which holds for approved clients (client approve) and, with outboundAllowStrangers, for all.",
  introspection_public: 'Only clients with a secret may introspect.',

  // The authorization request
  redirect_uri_missing: 'Send redirect_uri, at the authorization and at the token endpoint.',
  redirect_uri_repeated: 'Send redirect_uri only once.',
  redirect_uri_mismatch:
    'redirect_uri must equal a registered one letter by letter. Correct it at the client, or register the one it sends, and each that stays: "npx lingpai client update CLIENT_ID --redirect-uri URI".',
  response_type_missing:
    'Send response_type=code; for a client that cannot, set authorize.defaultResponseType to code.',
  response_type_unsupported:
    'Choose the authorization code flow (response_type=code) at the client. Types that give an ID token or token at the authorization endpoint need the server option implicitAndHybrid; token alone does not exist.',
  response_type_not_allowed: 'The client is not registered for this response_type. Add it to response_types.',
  response_mode_unsupported:
    'response_mode can be query, fragment or form_post. Choose one at the client, or leave the parameter out.',
  response_mode_leaks: 'Tokens are never sent in a query. Choose response_mode fragment or form_post at the client.',
  response_mode_unreachable: 'form_post reaches https and http addresses only. Choose query or fragment at the client.',
  nonce_missing: 'Let the client send a nonce: an ID token from the authorization endpoint must answer its request.',
  openid_missing: 'The client asks for an ID token, so its scope must hold openid.',
  claims_malformed: 'The parameter claims is not as OpenID Connect Core §5.5 has it. Correct it at the client.',
  claims_sub_contradicts: 'claims and id_token_hint name different persons, or nobody. Correct it at the client.',
  acr_unmet:
    'The client insists on an authentication class (acr) that this server does not have. Ask for it as a wish.',
  signing_algorithm_off:
    'No key signs with the id_token_signed_response_alg of the client. Change the setting, or add the algorithm to the option keys.algorithms.',
  signing_key_waiting:
    'The algorithm was added a moment ago, and its key signs when clients can know it. Wait, or: "npx lingpai key list".',
  scope_malformed: 'scope holds characters that are not allowed. Separate names by one blank: openid profile phone.',
  scope_not_allowed:
    'The client may not have one of the names in scope. Correct it at the client, or allow the name to it.',
  state_too_long: 'state is longer than 4096 characters. Let the client keep its data and send only a reference.',
  request_too_large:
    'The authorization request is too large. Shorten what is long in it: state, scope, claims or login_hint.',
  request_object_malformed:
    'The client sent something as request that is no request object: a JWT of three parts, or five when encrypted.',
  request_object_type:
    'The client sent another kind of token as request object. Its typ must be oauth-authz-req+jwt, JWT or absent.',
  request_object_nested: 'A request object must not hold request or request_uri (RFC 9101 §4).',
  request_object_client: 'client_id inside and outside the request object must be the same.',
  request_object_issuer: 'iss of the request object must be the client_id.',
  request_object_assertion:
    'Take sub out of the request object: with the client as sub it could be used as an assertion.',
  request_object_audience: 'aud of the request object must name the issuer of this server.',
  request_object_expired: 'The request object came too late. Compare the clocks, or give it a later exp.',
  request_object_early: 'nbf or iat of the request object is ahead of our clock. Compare the clocks.',
  request_object_algorithm:
    'Sign with the algorithm in request_object_signing_alg. Unsigned ones also need none there, and the server option unsignedJwt.',
  request_object_signature:
    'The request object is not signed with a key or the secret of this client. Compare jwks with what the client uses.',
  request_object_encryption:
    'Encrypt request objects with a key of use enc from our JWKS (option encryptedRequests), as request_object_encryption_alg and _enc say, without zip.',
  client_encryption_key:
    'Answers to this client are to be encrypted. Let jwks or jwks_uri have a key of use enc for the algorithm; one made of the secret needs a new secret.',
  client_encryption_keys_unavailable: 'Let jwks_uri of the client answer: its answers cannot be encrypted without it.',
  request_object_key:
    'The key that signed the request object is not among those of the client, or jwks_uri cannot be read.',
  request_object_missing:
    'This client is set to require_signed_request_object: let it send request, or change the setting.',
  request_and_request_uri: 'Send either request or request_uri.',
  request_uri_unregistered: 'Register the address in request_uris, character by character (a fragment does not count).',
  request_uri_unavailable:
    'The request object could not be fetched from request_uri. It must be public, answer within 5 seconds, and be at most 32 KiB.',
  request_pushed: 'In order: the browser is expected with the reference. The next request should be one to authorize.',
  request_uri_pushed:
    'Push the parameters themselves, or a request object as request; request_uri comes later, with the browser.',
  request_not_pushed:
    'This client is set to require_pushed_authorization_requests: let it push its request to /sso/par first, or change the setting.',
  pushed_request_gone:
    'The reference was used before, is too old (option lifetimes.pushedRequest), or is not one of this client. Let it push anew for each sign-in, just before it sends the browser.',
  device_authorized:
    'In order: the device shows its code. Next it asks for tokens every few seconds, until somebody answers.',
  device_client_unverified:
    'Whoever answers for a device sees only its name, so the client must have been verified: lingpai client update ID --set verified=true.',
  device_code_missing: 'Send device_code as the endpoint for devices has given it.',
  device_code_unknown: 'Mistyped, or long expired. Let the device begin again.',
  device_code_of_other_client: 'The device must ask for its tokens as the client that it began with.',
  device_code_used:
    'The tokens were fetched before, perhaps by a request whose answer was lost. Let the device begin again.',
  device_code_expired:
    'Nobody answered in time (option lifetimes.deviceCode), or the device asked too late. Let it begin again.',
  device_pending: 'In order: the device waits for somebody to answer.',
  device_too_fast:
    'The device asks more often than it was told. Each time it does, five seconds are added to the interval.',
  user_codes_taken: 'No free code was found by chance, which hardly ever happens. The device may ask again at once.',
  device_confirming: 'In order: somebody has typed the code and is asked whether it is their device.',
  user_code_unknown: 'Mistyped, answered before, or too old. The device shows which code is good now.',
  device_codes_limited:
    'Too many codes that do not exist came from one address within ten minutes: somebody guesses, or a proxy makes all visitors look like one (option trustedProxies).',
  device_allowed: 'In order: the device fetches its tokens when it asks next.',
  dpop_proof_missing:
    'Tokens of this client are bound to a key, so each request needs a DPoP proof, a JWT in the header `DPoP`. Turn DPoP on in its library, or set dpop_bound_access_tokens to false.',
  dpop_proof_invalid:
    'The words say what is wrong with the proof. The usual causes are an address (htu) that differs from the metadata because of a proxy, and a proof that was made for another request.',
  dpop_nonce_needed:
    'The clock of the client is wrong, or its nonce is old. The answer holds a new one (DPoP-Nonce), with which its library tries again by itself; if it does not, set the clock right.',
  dpop_proof_replayed:
    'A proof is good once. Let the client make a new one, with a new jti, for each request, also when it tries again.',
  dpop_key_differs:
    'What was presented is bound to a key, and the proof is of another, or there is none. Let the client keep its key for as long as its tokens, or sign in anew.',
  dpop_jkt_malformed: 'dpop_jkt is the SHA-256 thumbprint of a key (RFC 7638) in base64url: 43 characters.',
  access_token_bound:
    'The token is bound to a key: it goes into the header as `authorization: DPoP …`, with a proof of the key beside it. As a bearer token it opens nothing, so that a stolen one is of no use.',
  access_token_not_bound:
    'The token was issued without a DPoP proof, so it is a bearer token. Let the client prove its key when it gets its tokens, or send `authorization: Bearer …`.',
  parameter_repeated:
    'A parameter was sent twice. Look for a value that is also part of the address typed at the client.',
  prompt_unknown: 'prompt may be none, login, consent or select_account.',
  prompt_none_alone: 'prompt=none stands alone. Remove the other values.',
  max_age_malformed: 'max_age is a whole number of seconds.',
  id_token_hint_foreign:
    'id_token_hint is not an ID token of this server. Check that the client talks to one server only.',
  id_token_hint_of_other_client: 'id_token_hint was issued to another client than client_id names.',
  pkce_required:
    'This client must use PKCE. Switch it on at the client with S256; for a client with a secret, authorize.pkce may be optional.',
  pkce_method: 'Only the method S256 is accepted. Choose it at the client.',
  pkce_challenge_malformed: 'code_challenge must be the base64url text of a SHA-256, 43 characters without padding.',

  // The person
  login_required: 'prompt=none, but nobody is signed in. The client should begin again without prompt=none.',
  consent_required: 'prompt=none, but the person has not consented. The client should begin again without prompt=none.',
  user_refused: 'The person pressed "refuse". Nothing to correct.',
  username_missing: 'The person typed no user name. Nothing to correct.',
  password_missing: 'The person typed no password. Nothing to correct.',
  password_wrong:
    'User name or password is wrong. If the person has forgotten it: "npx lingpai user set-password USERNAME".',
  password_temporary:
    'The password was given by somebody else, so the person is asked to choose one of their own. Nothing is wrong.',
  choice_expired:
    'A temporary password was right, but the choice of another came after ten minutes, or after a change of the account.',
  new_password_refused: 'The person chose a password that cannot be taken; the page has told them why.',
  user_disabled: 'The user is disabled. "npx lingpai user enable USERNAME" lets the person sign in again.',
  user_changed: 'The user was disabled, or got a new password, after this began. Let the person sign in anew.',
  user_removed: 'The user has been removed.',
  other_user_expected: 'The client asked for another person than the one who signed in.',
  sign_in_network_limited:
    'Too many wrong passwords for this user from this network. It may try again after the time shown.',
  sign_in_user_limited:
    'Somebody guesses the password of this user from many places. Strangers have one attempt a minute; known browsers are not affected.',
  sign_in_address_limited:
    'Too many wrong passwords from this address. Browsers that have failed wait; others may sign in.',
  form_foreign:
    'The form was not sent from its own page. If everybody meets this, check that the proxy keeps cookies, Host and Origin.',
  cookies_missing:
    'The browser sent no cookie. Check that cookies are allowed, and that the page is not in a frame of another site.',
  interaction_expired:
    'The sign-in page was open too long, or was finished in another tab. Begin again at the application.',
  interaction_unknown: 'The link of a sign-in page was opened in another browser. Begin again at the application.',
  visit_changed: 'Session or client changed in the middle of a request. Trying again helps.',
  session_ended: 'The person signed out, so tokens without offline_access ended too. Let the person sign in anew.',
  post_logout_redirect_uri_mismatch:
    'The client must send id_token_hint or client_id, and the address must equal a registered one letter by letter. Correct it at the client, or register the one it sends: "npx lingpai client update CLIENT_ID --set post_logout_redirect_uris=URI"; of several, all in one: \'["URI","URI"]\'.',

  // The token request
  grant_type_missing: 'Send grant_type in the body, as application/x-www-form-urlencoded.',
  grant_type_unsupported: 'The grant_type is none of authorization_code, refresh_token, client_credentials.',
  grant_type_not_allowed: 'The client may not use this grant_type. Add it to grant_types, if it should.',
  parameter_source:
    'The parameters came in a way that this client may not use. Let it send a form body, or widen token.paramSources.',
  code_missing: 'Send code, as it came to the redirect URI.',
  code_unknown: 'There is no such code. Perhaps it was cut off, decoded twice, or comes from another server.',
  code_of_other_client:
    'The code was issued to another client. Several clients share the callback; check which ClientId and ClientSecret it uses.',
  code_expired:
    'The code is older than its lifetime. Check how long the client takes, and that it can reach the token endpoint.',
  code_replayed:
    'The code was sent a second time, so its tokens are revoked. The client, or a proxy before it, repeats requests.',
  code_dead: 'The code was tried wrongly too often. Correct what the records before this one say, and sign in anew.',
  redirect_uri_differs: 'redirect_uri at the token endpoint must equal the one of the authorization request.',
  pkce_verifier_missing:
    'The request for the code had a code_challenge, so code_verifier must follow. Perhaps the client lost it between two of its servers.',
  pkce_verifier_malformed: 'code_verifier must be 43 to 128 letters, digits or -._~.',
  pkce_verifier_wrong: 'code_verifier does not fit the code_challenge. Perhaps the client mixes two sign-ins.',
  pkce_downgrade:
    'A code_verifier came, but the request for the code had no code_challenge. Switch PKCE on at both steps.',
  refresh_token_missing: 'Send refresh_token.',
  refresh_token_unknown:
    'There is no such refresh token. Perhaps it was cut off, or is long expired. Let the person sign in anew.',
  refresh_token_of_other_client: 'The refresh token belongs to another client.',
  refresh_token_expired: 'The refresh token was not used for too long, or is too old. Let the person sign in anew.',
  refresh_token_lost: 'Two requests met. Trying again helps.',
  refresh_token_repeated:
    'The refresh token was used twice within seconds. The client should refresh once and share the answer.',
  refresh_token_replayed:
    'An old refresh token came again: stolen, or the client did not keep the new one. Its tokens are revoked.',
  refresh_withdrawn: 'The client may no longer have refresh tokens: see reply.refreshToken and its scope.',
  scope_wider_than_granted: 'A refresh may not ask for more than was granted. Sign in anew with the wider scope.',
  grant_revoked: 'What the person had granted is revoked. Let the person sign in anew.',
  token_missing: 'Send the parameter token.',

  // User info
  access_token_missing:
    'No access token came. Send the header "authorization: Bearer …"; check that the proxy passes it on.',
  access_token_ambiguous: 'Two different access tokens came at once. Send one, in the header.',
  access_token_place:
    'The token came where this client may not send it. Send it in the header, or widen userinfo.tokenFrom.',
  access_token_in_query:
    'The access token came in the query, which proxies write to their logs. Let the client send the header "authorization: Bearer …". If it cannot, allow the query: "npx lingpai client update CLIENT_ID --set userinfo.tokenFrom=header,query".',
  access_token_unknown:
    'There is no such access token. Perhaps it was cut off, comes from another server, or is long expired.',
  access_token_expired: 'The access token is expired. The client should refresh, or sign in anew.',
  access_token_revoked: 'The access token was revoked. Let the person sign in anew.',
  scope_insufficient: 'User info needs the scope openid. Add it at the client: openid profile phone.',

  // Registration
  start_sent: 'A person began here and was sent to where the client begins its sign-in.',
  start_unknown:
    'The address of a start names no client that is enabled and has an initiate_login_uri. See client show.',
  client_registered:
    'A client registered itself. Nobody has verified it: see client show, and client approve once you know who runs it.',
  client_configuration_read: 'A registered client read what it is registered as.',
  client_updated: 'A registered client changed itself. It counts as unverified again: see client show.',
  client_removed: 'A registered client removed itself, with everything issued to it.',
  initial_access_token_missing:
    'Registration is guarded: give whoever registers a token ("npx lingpai registration-token create"), to be sent as "authorization: Bearer …".',
  initial_access_token_invalid:
    'The initial access token is unknown, expired, revoked or spent. Make a new one: "npx lingpai registration-token create".',
  registration_access_token_missing: 'Send the registration access token as "authorization: Bearer …".',
  registration_access_token_invalid:
    'The registration access token is not the one of this client, or the client is disabled or gone. Each change brings a new token: keep the newest.',
  registration_identity: 'A change must name the client_id it is for, and nothing that only this server hands out.',
  registration_changed: 'Two changes of one client met. Read it and try again.',
  registration_change_limited:
    'A client changed itself more often than 20 times in an hour, or a network made registration.perAddress changes. It may go on in an hour.',
  registration_limited:
    'More clients wanted to register than registration.perAddress or registration.most allow. Hand out an initial access token, or raise them.',
  redirect_uri_unregistrable:
    'A redirect URI cannot be registered; the reason names it. See registration.redirectHosts, too.',
  client_metadata_invalid:
    'What the client says about itself cannot be registered; the reason names the setting. Ceilings are the options registration.….',
  software_statement_unapproved: 'The issuer of the software statement is not listed in registration.statementIssuers.',
  software_statement_invalid:
    'The software statement is broken, expired, or signed with another key. The reason says which.',
  software_statement_missing: 'registration.statementRequired is on, and no software statement came.',

  // The request as such
  body_not_utf8: 'The body must be UTF-8.',
  charset_unsupported: 'The Content-Type must name UTF-8, or no charset.',
  content_type_unsupported: 'Send the body as application/x-www-form-urlencoded.',
  parameters_malformed: 'Query or body is not properly percent-encoded. Check the encoding at the client.',
  json_malformed: 'The body is not a JSON object.',
  json_not_flat: 'JSON members must have names of their own, and be text, numbers or booleans.',
  multipart_malformed: 'The uploaded form is broken. Send it again.',
  too_many_parts: 'The uploaded form has too many parts.',
  field_too_large: 'A field of the uploaded form is too large.',
  file_too_large: 'The uploaded file is too large. Divide it, or use the command line.',
  misdirected:
    'The request came for another host or scheme than the issuer has. Use the issuer address; behind a proxy, set trustedProxies and pass Host and X-Forwarded-Proto.',
  method_not_allowed:
    'The endpoint does not have this method. Token wants POST; check that no redirect turned a POST into a GET.',
  not_found: 'There is nothing at this path. Copy the endpoint addresses again.',
  refused: 'The request was refused. The reason says why.',
  store_unavailable: 'The database did not answer. Check that it runs, and that its disk has space.',
  stood_still:
    'The process was stopped or its machine was paused for a while. What waited is asked again by its clients; see why it stood still.',
  sign_ins_crowded:
    'Two hundred passwords were waiting to be checked. Each takes a core for tens of milliseconds on purpose: more cores, or more machines, check more.',
  overloaded:
    'More requests were under way than the server takes on at once. Look at its load, and at how fast the database answers.',
  server_failed: 'A failure of this server. The log of the same second names the place; please report it.',
  unnamed: 'The request was refused without a rule of its own. Status and log say more.',

  // Which API a token is for
  resource_malformed: 'resource must be an absolute URI without a fragment. Correct it at the client.',
  resource_too_many: 'The request names more resources than any client needs. Correct it at the client.',
  resource_unknown:
    'No resource has this identifier. Compare "npx lingpai resource list"; only a slash after the host may differ.',
  resource_disabled:
    'The resource is disabled. Enable it, if it should be used: "npx lingpai resource enable IDENTIFIER".',
  resource_not_allowed:
    "This client may not ask for the resource. Add it to the client's setting resources, or set the resource's clients to all.",
  resource_several:
    'An access token is meant for one resource. Let the client name exactly one resource in each token request.',
  resource_wider_than_granted:
    'The client asks for a resource that its authorization request did not name. Name it there too.',
  resource_changed: 'The resource was changed at that very moment. Nothing is lost: the client may try again.',
  access_token_of_other_resource:
    'The token is meant for an API. For user info the client needs one without resource, or with resource=<issuer>.',
} as const
