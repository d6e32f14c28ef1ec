// New keys for the module that looks for them. RFC 7517 §5: they are published first, and sign later.

import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { stopwatch } from '../../src/platform/clock.ts'
import type { Run } from './call.ts'
import { WrongCall } from './plan-files.ts'
import { HelpFailed } from './run-module.ts'

const LONGEST_MS = 30_000

/** Ends when the server publishes other keys than before, or has been given long enough. */
export async function rotateKeys({ rotation, facts }: Pick<Run, 'rotation' | 'facts'>): Promise<void> {
  const [program, ...words] = rotation
  if (program === undefined) throw new WrongCall('CONFORMANCE_ROTATE must name the command that rotates the keys')
  const before = await publishedKeys(facts.issuer)
  await promisify(execFile)(program, words).catch((error: unknown) => {
    throw new HelpFailed(`the keys were not rotated: ${error instanceof Error ? error.message : String(error)}`)
  })
  const elapsed = stopwatch()
  while (elapsed() < LONGEST_MS && (await publishedKeys(facts.issuer)) === before) await pause(250)
}

async function publishedKeys(issuer: string): Promise<string> {
  const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as { jwks_uri: string }
  return (await fetch(metadata.jwks_uri)).text()
}
