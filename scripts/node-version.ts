// Runs a script on a Node that is new enough: this one, or else the one that a checkout brings along.

import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endAs, endWithNpm, runToEnd } from './run-to-end.ts'

export const repository = fileURLToPath(new URL('..', import.meta.url))

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 15)
}

/**
 * Returns if this Node is new enough. Otherwise runs the whole script again with the Node of node_modules, and ends
 * with its exit code. The script ends when npm does.
 */
export async function requireNode(): Promise<void> {
  endWithNpm()
  if (isNewEnough(process.versions.node)) {
    // Programs in node_modules/.bin are started by `env node`, which finds this Node by the path.
    process.env['PATH'] = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`
    return
  }
  const bundled = join(repository, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
  if (process.platform === 'linux' && existsSync(bundled)) {
    const end = await runToEnd(bundled, process.argv.slice(1), { stdio: 'inherit' })
    // Alpine and others without glibc have the file and cannot run it.
    if (end.error === null) endAs(end)
  }
  console.error(
    `Node.js 24.15 or newer is needed, and this is ${process.versions.node}. Run npm ci, or install it from https://nodejs.org/`,
  )
  process.exit(1)
}
