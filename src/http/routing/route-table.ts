// Paths to routes: exact ones by one look-up, those with parameter segments by their prefix, then segment by segment.

import type { Route, RouteParameters } from './route.ts'

export interface FoundPath {
  readonly routes: ReadonlyMap<string, Route>
  /** The first route of the path: its kind and CORS policy stand for the path. */
  readonly any: Route
  /** For `Allow`: HEAD beside GET. */
  readonly methods: readonly string[]
  readonly parameters?: RouteParameters
}

interface Pattern {
  readonly prefix: string
  /** What follows the prefix, segment by segment: a parameter's name, or a text as it is. */
  readonly segments: readonly { readonly name: string | null; readonly text: string }[]
  readonly found: FoundPath
}

const LONGEST_PARAMETER = 256

/** Throws `RangeError` for two routes with one path and method, or a path that is no pattern. */
export function createRouteTable(routes: readonly Route[]): (path: string) => FoundPath | undefined {
  const exact = new Map<string, FoundPath>()
  const patterns: Pattern[] = []
  for (const [path, group] of Map.groupBy(routes, (route) => route.path)) {
    const found = foundPath(path, group)
    if (path.includes('{')) patterns.push(patternOf(path, found))
    else if (/^\/[^{}?#]*$/.test(path)) exact.set(path, found)
    else throw new RangeError(`'${path}' is no path of a route`)
  }

  return (path) => {
    const known = exact.get(path)
    if (known !== undefined) return known
    for (const pattern of patterns) {
      const parameters = path.startsWith(pattern.prefix) ? parametersOf(pattern, path) : null
      if (parameters !== null) return { ...pattern.found, parameters }
    }
    return undefined
  }
}

function patternOf(path: string, found: FoundPath): Pattern {
  const prefix = /^\/(?:[^{}]*\/)?(?=\{)/.exec(path)?.[0]
  const segments = path.slice(prefix?.length ?? 0).split('/')
  const isGood = segments.every((segment) => /^(?:\{[a-z][A-Za-z0-9_]*\}|[^{}?#]*)$/.test(segment))
  if (prefix === undefined || !isGood) throw new RangeError(`'${path}' is no path of a route`)
  return {
    prefix,
    segments: segments.map((text) => ({ name: text.startsWith('{') ? text.slice(1, -1) : null, text })),
    found,
  }
}

/** Null: the path is another one. */
function parametersOf({ prefix, segments }: Pattern, path: string): RouteParameters | null {
  const given = path.slice(prefix.length).split('/', segments.length + 1)
  if (given.length !== segments.length) return null
  const parameters: Record<string, string> = {}
  for (const [at, { name, text }] of segments.entries()) {
    const segment = given[at] ?? ''
    if (name === null && segment !== text) return null
    const value = name === null ? text : parameterValue(segment)
    if (value === null) return null
    if (name !== null) parameters[name] = value
  }
  return Object.freeze(parameters)
}

function foundPath(path: string, group: readonly Route[]): FoundPath {
  const byMethod = new Map<string, Route>()
  for (const route of group) {
    for (const method of route.methods) {
      if (byMethod.has(method)) throw new RangeError(`Two routes have ${method} ${path}`)
      byMethod.set(method, route)
    }
  }
  const [any] = group
  if (any === undefined || byMethod.size === 0) throw new RangeError(`The route ${path} has no method`)
  const methods = [...byMethod.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  return { routes: byMethod, any, methods }
}

/** Null for what no identifier of ours is: empty, more than one segment (also escaped), control characters. */
function parameterValue(segment: string): string | null {
  if (segment === '' || segment.length > LONGEST_PARAMETER || segment.includes('/')) return null
  let value: string
  try {
    value = decodeURIComponent(segment)
  } catch {
    return null
  }
  return /[/\\\p{Cc}]/u.test(value) ? null : value
}
