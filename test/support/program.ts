// Programs of the system that tests need: found, installed where that is allowed, or asked for in one sentence.

import { execFileSync, spawnSync } from 'node:child_process'

export interface Program {
  /** The command, and Debian's package. */
  readonly name: string
  /** Words with which it ends at once and well. */
  readonly probe: readonly string[]
  /** What to do where it can be neither found nor installed. */
  readonly advice: string
}

/** Installs Debian's package when it may. Returns the command. */
export function requireProgram({ name, probe, advice }: Program): string {
  const isThere = () => spawnSync(name, probe).status === 0
  if (isThere()) return name
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    try {
      execFileSync('apt-get', ['update'], { stdio: 'ignore', env })
      execFileSync('apt-get', ['install', '-y', '--no-install-recommends', name], { stdio: 'ignore', env })
    } catch {
      // The error below says what to do.
    }
  }
  if (isThere()) return name
  throw new Error(advice)
}
