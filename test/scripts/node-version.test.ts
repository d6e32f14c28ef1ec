// What a script of the repository does first: it finds a Node that is new enough, and ends when npm does.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bringNode, bundled, isAlive, oldNode } from '../support/old-node.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lingpai-scripts-'))
  mkdirSync(join(root, 'scripts'))
  for (const name of ['node-version.ts', 'run-to-end.ts']) cpSync(`scripts/${name}`, join(root, 'scripts', name))
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Says its id, then lives until it is told to end. */
const LIVE = `
process.on('SIGTERM', () => { console.log('told to end'); process.exit(5) })
setInterval(() => {}, 1000)
console.log('pid ' + process.pid + ' ' + process.argv.slice(2))
`

/** A script that needs a new Node and then does `body`; npm's shell, which waits for it, where `npmCommand` says so. */
async function start(body: string, nodeFlags: readonly string[], npmCommand?: string) {
  const script = join(root, 'scripts', 'script.ts')
  writeFileSync(script, `import { requireNode } from './node-version.ts'\nawait requireNode()\n${body}`)
  const words = [process.execPath, ...nodeFlags, script, '--word']
  const shell = words.map((word) => `'${word}'`).join(' ')
  const [command = '', ...rest] = npmCommand === undefined ? words : ['sh', '-c', `${shell}; exit $?`]
  const { npm_command: _, ...env } = process.env
  const child = spawn(command, rest, {
    env: { ...env, ...(npmCommand !== undefined && { npm_command: npmCommand }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  while (!said.includes('\n') && child.exitCode === null) await Promise.race([once(child.stdout, 'data'), ended])
  return { child, ended, said: () => said, inner: Number(/pid (\d+)/.exec(said)?.[1]) }
}

describe.runIf(process.platform === 'linux')('a script on an old Node', () => {
  it('runs on the one that a checkout brings, with its words, and hands on signals and exit code', async () => {
    bringNode(root)
    const { child, ended, said, inner } = await start(LIVE, oldNode(root, '24.14.0'))
    expect(inner).not.toBe(child.pid)
    expect(said()).toContain('--word')
    child.kill('SIGTERM')
    expect(await ended).toEqual([5, null])
    expect(said()).toContain('told to end')
    expect(isAlive(inner)).toBe(false)
  })

  it('ends by the signal that ended the other', async () => {
    bringNode(root)
    const { ended, inner } = await start(LIVE, oldNode(root, '24.14.0'))
    process.kill(inner, 'SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
  })

  it('says what to do where none is brought, or one that cannot run here', async () => {
    const flags = oldNode(root, '24.14.0')
    const refused =
      'Node.js 24.15 or newer is needed, and this is 24.14.0. Run npm ci, or install it from https://nodejs.org/\n'
    const without = await start(LIVE, flags)
    expect(await without.ended).toEqual([1, null])
    expect(without.said()).toBe(refused)
    mkdirSync(join(bundled(root), '..'), { recursive: true })
    writeFileSync(bundled(root), '#!/no/such/loader\n')
    chmodSync(bundled(root), 0o755)
    const broken = await start(LIVE, flags)
    expect(await broken.ended).toEqual([1, null])
    expect(broken.said()).toBe(refused)
  })
})

describe.runIf(process.platform === 'linux')('a script of npm, whose shell hands on no signal', () => {
  it.each([
    ['ends with the shell', false],
    ['ends with the shell, on the Node that a checkout brings too', true],
  ])('%s', async (_, isOld) => {
    if (isOld) bringNode(root)
    const { child, ended, said } = await start(LIVE, isOld ? oldNode(root, '24.14.0') : [], 'run')
    child.kill('SIGTERM')
    // The pipe closes when the last process that holds it has ended.
    await ended
    expect(said()).toContain('told to end')
  })

  it('takes what it has started with it', async () => {
    writeFileSync(join(root, 'scripts', 'live.ts'), LIVE)
    const body = `import { endAs, runToEnd } from './run-to-end.ts'
const end = await runToEnd(process.execPath, ['scripts/live.ts'], { cwd: ${JSON.stringify(root)}, stdio: 'inherit' })
console.log('told ' + end.told)
endAs(end)`
    const { child, ended, said } = await start(body, [], 'run')
    child.kill('SIGTERM')
    await ended
    expect(said()).toContain('told to end\ntold SIGTERM\n')
  })

  it('outlives its parent where npm did not start it', async () => {
    const { child, ended, inner } = await start(LIVE, [], '')
    child.kill('SIGKILL')
    await once(child, 'exit')
    // Longer than the script takes to look.
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(isAlive(inner)).toBe(true)
    process.kill(inner, 'SIGTERM')
    await ended
  })
})
