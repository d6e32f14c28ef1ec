// A machine whose own Node is too old, beside a checkout that brings another one.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Flags that make this Node look old to what it runs; a Node that is started by that is not touched. */
export function oldNode(root: string, version = '20.11.0'): readonly string[] {
  const path = join(root, 'old.cjs')
  writeFileSync(
    path,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  )
  return ['--require', path]
}

export const bundled = (root: string) => join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')

/** This test's own Node in the place of the bundled one. */
export function bringNode(root: string): void {
  mkdirSync(join(bundled(root), '..'), { recursive: true })
  symlinkSync(process.execPath, bundled(root))
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
