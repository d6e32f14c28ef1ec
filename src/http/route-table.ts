// Paths to routes: exact ones by one look-up, those with a parameter segment by prefix and suffix.

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
  readonly name: string
  readonly suffix: string
  readonly found: FoundPath
}

const LONGEST_PARAMETER = 256

/** Throws `RangeError` for two routes with one path and method, or a path that is no pattern. */
export function createRouteTable(routes: readonly Route[]): (path: string) => FoundPath | undefined {
  const exact = new Map<string, FoundPath>()
  const patterns: Pattern[] = []
  for (const [path, group] of Map.groupBy(routes, (route) => route.path)) {
    const found = foundPath(path, group)
    const parts = /^(\/(?:[^{}]*\/)?)\{([a-z][A-Za-z0-9_]*)\}((?:\/[^{}]*)?)$/.exec(path)
    if (parts?.[1] !== undefined && parts[2] !== undefined) {
      patterns.push({ prefix: parts[1], name: parts[2], suffix: parts[3] ?? '', found })
    } else if (/^\/[^{}?#]*$/.test(path)) exact.set(path, found)
    else throw new RangeError(`'${path}' is no path of a route`)
  }

  return (path) => {
    const known = exact.get(path)
    if (known !== undefined) return known
    for (const { prefix, name, suffix, found } of patterns) {
      if (!path.startsWith(prefix) || !path.endsWith(suffix)) continue
      const value = parameterValue(path.slice(prefix.length, path.length - suffix.length))
      if (value !== null) return { ...found, parameters: Object.freeze({ [name]: value }) }
    }
    return undefined
  }
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
