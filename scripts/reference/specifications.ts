// The matrix of clauses: each one that the source quotes or a test promises, with the files. A clause that the source
// quotes and no test is named after is a gap.

import { type Clause, clausesOfSource, clausesOfTests, covers, type Mentions } from './clauses.ts'

interface Row {
  readonly clause: Clause
  readonly code: readonly string[]
  readonly tests: readonly string[]
}

export interface Matrix {
  readonly rows: readonly Row[]
  /** Clauses that the source quotes, but that no title of a test names. */
  readonly gaps: readonly Row[]
}

export function matrixOf(root: string): Matrix {
  const source = clausesOfSource(root)
  const tests = clausesOfTests(root)
  const clauses = new Map<string, Clause>()
  for (const clause of [...source, ...tests].flatMap((each) => each.clauses)) clauses.set(textOf(clause), clause)
  const rows = [...clauses.values()].sort(bySection).map((clause) => ({
    clause,
    code: filesWith(source, (each) => textOf(each) === textOf(clause)),
    tests: filesWith(tests, (each) => covers(each, clause)),
  }))
  return { rows, gaps: rows.filter(({ code, tests: proofs }) => code.length > 0 && proofs.length === 0) }
}

export function textOf({ specification, section }: Clause): string {
  return `${specification} §${section}`
}

function filesWith(mentions: readonly Mentions[], holds: (clause: Clause) => boolean): readonly string[] {
  return mentions.filter(({ clauses }) => clauses.some(holds)).map(({ file }) => file)
}

function bySection(a: Clause, b: Clause): number {
  const order = { numeric: true }
  return a.specification.localeCompare(b.specification, 'en', order) || a.section.localeCompare(b.section, 'en', order)
}

const HEAD = `# Specifications

Which clause is kept by which code, and proven by which test. Made from the clauses that the source quotes, and from the
titles of tests. A test proves the clause that its title names and those above it in the tree of sections, never one below.
\`npm run check\` fails for a clause in the source that no title names.`

/** Below `docs/reference`; links lead to files, for lines move. */
export function specificationsPage({ rows }: Matrix): string {
  const link = (file: string) => `[${file.replace(/^(src|test)\//, '')}](../../${file})`
  const links = (files: readonly string[]) => (files.length === 0 ? '–' : files.map(link).join('<br>'))
  const parts = [...new Set(rows.map(({ clause }) => clause.specification))].map((specification) => {
    const lines = rows
      .filter(({ clause }) => clause.specification === specification)
      .map(({ clause, code, tests }) => `| §${clause.section} | ${links(code)} | ${links(tests)} |`)
    return `## ${specification}\n\n| clause | code (src/) | tests (test/) |\n| --- | --- | --- |\n${lines.join('\n')}\n`
  })
  return `${HEAD}\n\n${parts.join('\n')}`
}

/** One line a gap, with what to do. */
export function specificationProblems({ gaps }: Matrix): readonly string[] {
  return gaps.map(
    ({ clause, code }) =>
      `${textOf(clause)} is quoted in ${code.join(', ')}, and no title of a test names it; write the test, or name the clause that is meant`,
  )
}
