// Writes docs/reference from the things it describes; with `--check` writes nothing and fails when a page is stale.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readFlags } from './read-flags.ts'
import { DOCUMENTS, WRITTEN } from './reference/documents.ts'

const USAGE = `node scripts/generate-reference.ts [--check] [--folder FOLDER]
Writes docs/reference; --check writes nothing and fails when a page is stale.`

const { values } = readFlags(USAGE, {
  options: {
    check: { type: 'boolean', default: false },
    folder: { type: 'string', default: fileURLToPath(new URL('../docs/reference', import.meta.url)) },
  },
})

process.exitCode = run(values.folder, values.check)

function run(folder: string, checkOnly: boolean): number {
  mkdirSync(folder, { recursive: true })
  const pages = new Set(readdirSync(folder).filter((name) => name.endsWith('.md')))
  let stale = 0
  let wrong = 0
  for (const { path, render, problems } of DOCUMENTS) {
    for (const problem of problems?.() ?? []) {
      wrong++
      console.error(problem)
    }
    const text = render()
    const fresh = pages.delete(path) && readFileSync(join(folder, path), 'utf8') === text
    if (fresh) continue
    stale++
    if (checkOnly) console.error(`docs/reference/${path} is stale; run: npm run reference`)
    else writeFileSync(join(folder, path), text)
  }
  for (const path of WRITTEN) pages.delete(path)
  // A page that nothing generates any more would never be updated, and yet be believed.
  for (const path of pages) console.error(`docs/reference/${path} is made from nothing; remove it`)
  console.log(`${DOCUMENTS.length} pages, ${stale} ${checkOnly ? 'stale' : 'written'}`)
  return wrong > 0 || pages.size > 0 || (checkOnly && stale > 0) ? 1 : 0
}
