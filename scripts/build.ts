// `npm run build`: the server and the command line as dist/main.js and its parts, with pages and migrations inside. It
// starts in half the time of the sources.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { repository, requireNode } from './node-version.ts'
import { readFlags } from './read-flags.ts'
import { bundleServer } from './release/bundle.ts'

export async function buildServer(): Promise<void> {
  const dist = join(repository, 'dist')
  const former = existsSync(dist)
    ? readdirSync(dist).filter((name) => /^(main|bcrypt-thread|checkpoint-thread)[-.].*(js|txt)$/.test(name))
    : []
  for (const name of former) rmSync(join(dist, name))
  await bundleServer(dist)
}

if (import.meta.main) {
  await requireNode()
  readFlags('npm run build\nMakes the server and the command line as dist/main.js and its parts.', { options: {} })
  await buildServer()
  console.log(
    'dist/main.js is built. Start it: npm exec -- node --max-semi-space-size=4 --no-concurrent-recompilation dist/main.js start',
  )
}
