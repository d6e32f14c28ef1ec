// Keeps a process on one processor. A server that is moved finds nothing of its own in the caches of the other one, and a load
// generator that comes to sit beside it uses them up: unpinned, the same operation costs half as much again, and the servers
// with more code lose most.

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

export type Role = 'server' | 'load'

const PROCESSOR: Readonly<Record<Role, string>> = { server: '0', load: '1' }

/** Counted before anything is pinned, because a pinned process sees one processor only. */
const processors = availableParallelism()

/** All threads of the process; those it begins later follow. False: this machine has one processor, or no `taskset`. */
export function pin(pid: number | undefined, role: Role): boolean {
  if (pid === undefined || processors < 2) return false
  return spawnSync('taskset', ['-apc', PROCESSOR[role], String(pid)], { stdio: 'ignore' }).status === 0
}
