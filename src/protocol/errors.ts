// The refusals of the protocol: one class, two texts (one for the client, one for our log and trace).

/** Why a request was decided as it was; the trace shows it to operators. */
export interface Outcome {
  /** Our name for the rule that decided, e.g. `code_replayed`. Stable: tests and the trace's hints refer to it. */
  readonly rule: string
  /** The clause the rule comes from, e.g. `RFC 6749 §4.1.2`. */
  readonly clause: string
  /** For the operator: what was wrong and what to correct. Never holds a secret. */
  readonly reason: string
  /** Facts about the request that explain the reason, already free of secrets. */
  readonly observed?: Readonly<Record<string, string | number | boolean>>
  /** The client the request named, when it is one of ours. */
  readonly clientId?: string
}

export interface Refusal {
  /** The wire code: `invalid_grant`, `login_required`, … */
  readonly error: string
  /** For the client: printable ASCII without quote and backslash (RFC 6749 §5.2). */
  readonly description: string
  /** HTTP status at endpoints that answer directly. Default 400. */
  readonly status?: number
  readonly rule: string
  readonly clause: string
  /** Default: the description. */
  readonly reason?: string
  readonly observed?: Outcome['observed']
  /** Extra reply headers, such as `www-authenticate`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A refusal in the protocol's own terms; whoever catches it knows how to tell the client. */
export class OAuthError extends Error {
  readonly error: string
  readonly description: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly outcome: Outcome

  constructor(refusal: Refusal) {
    super(`${refusal.error}: ${refusal.reason ?? refusal.description}`)
    this.name = 'OAuthError'
    this.error = refusal.error
    this.description = printable(refusal.description)
    this.status = refusal.status ?? 400
    this.headers = refusal.headers ?? {}
    this.outcome = {
      rule: refusal.rule,
      clause: refusal.clause,
      reason: refusal.reason ?? refusal.description,
      ...(refusal.observed && { observed: refusal.observed }),
    }
  }

  /** The same refusal, filed under the client it concerns. */
  about(clientId: string): this {
    return Object.assign(this, { outcome: { ...this.outcome, clientId } })
  }
}

/** RFC 6749 §5.2: `error_description` is %x20-21 / %x23-5B / %x5D-7E. */
function printable(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, '?').slice(0, 500)
}

/** The commonest refusal of all. RFC 6749 §4.1.2.1, §5.2. */
export function invalidRequest(rule: string, clause: string, description: string, reason?: string): OAuthError {
  return new OAuthError({
    error: 'invalid_request',
    rule,
    clause,
    description,
    ...(reason !== undefined && { reason }),
  })
}

/** RFC 6749 §5.2: the code or refresh token is not good. What exactly is wrong stays in our log. */
export function invalidGrant(rule: string, clause: string, reason: string, observed?: Outcome['observed']): OAuthError {
  return new OAuthError({
    error: 'invalid_grant',
    description: 'The code or refresh token is invalid, expired, revoked, or belongs to another request',
    rule,
    clause,
    reason,
    ...(observed && { observed }),
  })
}
