// An installation in a folder of its own, and a server on it; both end with the test.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Caller } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { prepareSqlite } from '../support/installation.ts'

/** Its folder; `mount` is told of it while it is still empty, and returns what undoes it. */
export async function installation(mount?: (folder: string) => () => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-disk-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  if (mount !== undefined) onTestFinished(mount(folder))
  await prepareSqlite(folder)
  return folder
}

/** A server on the folder; `under` are the words of a program that starts it. */
export async function started(
  folder: string,
  under: readonly string[] = [],
): Promise<{ server: Child; caller: Caller }> {
  const server = await startChild({ words: ['--data', folder], under })
  const caller = new Caller(server)
  onTestFinished(async () => void (await server.kill()))
  onTestFinished(() => caller.close())
  return { server, caller }
}
