// The REST interface of a running conformance suite: one function for each call that a run needs.

export type Variant = Readonly<Record<string, string>>

export interface PlannedModule {
  readonly testModule: string
  readonly variant?: Variant
}

export interface LogEntry {
  readonly src?: string
  readonly result?: string
  readonly msg?: string
}

/** Nothing that is a suite answers. */
export class NoSuite extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NoSuite'
  }
}

/** The suite answers, and says no. */
export class CallRefused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'CallRefused'
    this.status = status
  }
}

export interface Suite {
  readonly base: string
  version(): Promise<{ readonly version: string; readonly revision: string | null }>
  createPlan(
    name: string,
    variant: Variant,
    config: unknown,
  ): Promise<{ id: string; modules: readonly PlannedModule[] }>
  createModule(planId: string, module: PlannedModule): Promise<string>
  start(moduleId: string): Promise<void>
  cancel(moduleId: string): Promise<void>
  /** True once it has ended; false when the time is up. */
  ended(moduleId: string, milliseconds: number): Promise<boolean>
  info(moduleId: string): Promise<{ readonly status: string; readonly result: string | null }>
  /** Null: it is not running any more. */
  browser(moduleId: string): Promise<{ readonly urls: readonly string[]; readonly isWorking: boolean } | null>
  log(moduleId: string): Promise<readonly LogEntry[]>
}

const LONGEST_CALL_MS = 90_000

export function connectSuite(base: string, token: string | undefined): Suite {
  const call = async (method: string, path: string, query: Variant = {}, body?: unknown): Promise<unknown> => {
    const url = new URL(`${base}/api/${path}`)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const response = await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LONGEST_CALL_MS),
    }).catch((error: unknown) => {
      throw new NoSuite(`no suite answers at ${base}: ${reasonOf(error)}`)
    })
    const text = await response.text()
    if ([502, 503, 504].includes(response.status)) {
      throw new NoSuite(`${base} answers ${response.status}: the proxy is there, the suite is not`)
    }
    if (!response.ok)
      throw new CallRefused(response.status, `${method} ${path}: ${response.status} ${text.slice(0, 1_000)}`)
    try {
      return text.trim() === '' ? {} : JSON.parse(text)
    } catch {
      throw new NoSuite(`${url.href} answers, but not with JSON: is that a conformance suite?`)
    }
  }
  return {
    base,
    async version() {
      const answer = objectOf(await call('GET', 'server'))
      const { version, revision } = answer
      if (typeof version !== 'string') throw new NoSuite(`${base} answers, but is no conformance suite`)
      return { version, revision: typeof revision === 'string' ? revision : null }
    },
    async createPlan(name, variant, config) {
      const query = { planName: name, ...(Object.keys(variant).length > 0 && { variant: JSON.stringify(variant) }) }
      return (await call('POST', 'plan', query, config)) as { id: string; modules: readonly PlannedModule[] }
    },
    async createModule(planId, { testModule, variant }) {
      const query = { test: testModule, plan: planId, ...(variant && { variant: JSON.stringify(variant) }) }
      return String(objectOf(await call('POST', 'runner', query))['id'])
    },
    async start(moduleId) {
      await call('POST', `runner/${moduleId}`)
    },
    async cancel(moduleId) {
      await call('DELETE', `runner/${moduleId}`)
    },
    async ended(moduleId, milliseconds) {
      const query = { states: 'FINISHED,INTERRUPTED', timeoutMs: String(Math.max(50, Math.round(milliseconds))) }
      return typeof objectOf(await call('GET', `runner/${moduleId}/wait-state`, query))['state'] === 'string'
    },
    async info(moduleId) {
      const { status, result } = objectOf(await call('GET', `info/${moduleId}`))
      const isKnown = typeof result === 'string' && result !== 'UNKNOWN'
      return { status: String(status), result: isKnown ? result : null }
    },
    async browser(moduleId) {
      try {
        const { browser } = objectOf(await call('GET', `runner/${moduleId}`))
        const { urls, runners } = objectOf(browser)
        return {
          urls: Array.isArray(urls) ? urls.map(String) : [],
          isWorking: Array.isArray(runners) && runners.length > 0,
        }
      } catch (error) {
        if (error instanceof CallRefused && error.status === 404) return null
        throw error
      }
    },
    async log(moduleId) {
      const entries = (await call('GET', `log/${moduleId}`)) as readonly (Omit<LogEntry, 'msg'> & { msg?: unknown })[]
      return entries.map(({ msg, ...entry }) => (typeof msg === 'string' ? { ...entry, msg } : entry))
    },
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** A certificate that Node does not trust is the usual reason. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null
  if (code?.includes('CERT') === true) return `${code}; trust its certificate with NODE_EXTRA_CA_CERTS=FILE`
  const told = cause instanceof Error ? cause : error
  return code ?? (told instanceof Error ? told.message : String(told))
}
