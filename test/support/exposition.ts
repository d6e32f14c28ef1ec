// A strict reader of what Prometheus reads: https://prometheus.io/docs/instrumenting/exposition_formats/. Throws at the
// first line that breaks the format.

export interface ReadSample {
  /** `lingpai_ready`, or `lingpai_http_request_duration_seconds_bucket`. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export class Exposition {
  readonly samples: readonly ReadSample[]
  /** Names of families, in their order. */
  readonly families: readonly string[]

  constructor(text: string) {
    const samples: ReadSample[] = []
    const types = new Map<string, string>()
    if (!text.endsWith('\n')) throw new Error('the last line has no end')
    let helped = ''
    let family = ''
    for (const line of text.slice(0, -1).split('\n')) {
      const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line)
      if (comment !== null) {
        const [, kind, name = '', rest = ''] = comment
        if (kind === 'HELP') {
          if (types.has(name)) throw new Error(`${name} is described twice`)
          helped = name
        } else {
          if (helped !== name || !/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`no type: ${line}`)
          types.set(name, rest)
          family = name
        }
        continue
      }
      const sample = readSample(line)
      const base = types.get(family) === 'histogram' ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name
      if (base !== family) throw new Error(`${sample.name} stands below ${family}`)
      samples.push(sample)
    }
    const keys = samples.map(({ name, labels }) => `${name}${JSON.stringify(Object.entries(labels).toSorted())}`)
    if (new Set(keys).size !== keys.length) throw new Error('a series stands there twice')
    this.samples = samples
    this.families = [...types.keys()]
  }

  /** All samples of a name with at least these labels. */
  all(name: string, labels: Readonly<Record<string, string>> = {}): readonly ReadSample[] {
    const wanted = Object.entries(labels)
    return this.samples.filter(
      (each) => each.name === name && wanted.every(([key, value]) => each.labels[key] === value),
    )
  }

  /** The sum of them; null where there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | null {
    const all = this.all(name, labels)
    return all.length === 0 ? null : all.reduce((sum, { value }) => sum + value, 0)
  }
}

function readSample(line: string): ReadSample {
  const [, name = '', braced, text = ''] =
    /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)+)\})? (\S+)$/.exec(line) ?? []
  if (name === '') throw new Error(`no sample: ${line}`)
  const pairs = [...(braced ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\["\\n])*)"/g)]
  const labels = Object.fromEntries(
    pairs.map(([, label = '', value = '']) => [
      label,
      value.replace(/\\(["\\n])/g, (_, sign: string) => (sign === 'n' ? '\n' : sign)),
    ]),
  )
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text)
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`)
  return { name, labels, value }
}
