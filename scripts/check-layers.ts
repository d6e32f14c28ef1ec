// Checks the layers of the house and draws them.
//   node scripts/check-layers.ts            the rules
//   node scripts/check-layers.ts --draw     the rules, and rewrites the block in ARCHITECTURE.md
//   node scripts/check-layers.ts --check    the rules, and fails when that block is stale
// `--root FOLDER` looks at another tree than this one.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drawLayers, withBlock } from './layers/draw.ts'
import { readTree } from './layers/parse.ts'
import { RULES } from './layers/rules.ts'
import { readFlags } from './read-flags.ts'

const USAGE = `node scripts/check-layers.ts [--draw | --check] [--root FOLDER]
The rules of the layers; --draw rewrites the block in ARCHITECTURE.md, --check fails when it is stale.`

const { values } = readFlags(USAGE, {
  options: {
    draw: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    root: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
  },
})

process.exitCode = run(values.root)

function run(root: string): number {
  const files = readTree(join(root, 'src'))
  const imports = files.reduce((sum, file) => sum + file.imports.length, 0)
  if (files.length === 0 || imports === 0) {
    console.error(`Looked at ${files.length} files and ${imports} imports: a check of nothing proves nothing`)
    return 1
  }
  const violations = RULES.flatMap((rule) => rule.violations(files))
  for (const { rule, path, line, message } of violations) console.error(`src/${path}:${line}  ${rule}: ${message}`)
  const stale = values.draw || values.check ? picture(root, drawLayers(files)) : false
  console.log(`${files.length} files, ${imports} imports, ${RULES.length} rules, ${violations.length} violations`)
  return violations.length > 0 || stale ? 1 : 0
}

/** True when the picture is stale and was not to be drawn. */
function picture(root: string, block: string): boolean {
  const path = join(root, 'ARCHITECTURE.md')
  if (!existsSync(path)) {
    console.error('ARCHITECTURE.md is missing: the picture of the layers has no place')
    return true
  }
  const now = readFileSync(path, 'utf8')
  const then = withBlock(now, block)
  if (then === now) return false
  if (values.draw) {
    writeFileSync(path, then)
    return false
  }
  console.error('ARCHITECTURE.md: the picture of the layers is stale; run: npm run layers -- --draw')
  return true
}
