// The entry file beside copies of a package: what it runs, and how it ends. No copy holds more than it needs.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { bringNode, bundled, isAlive, oldNode } from '../support/old-node.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-entry-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A package with our entry file and a main program of its own. */
function packageOf(name: string, mains: Readonly<Record<string, string>>): string {
  const root = join(folder, name)
  cpSync(join(repository, 'bin'), join(root, 'bin'), { recursive: true })
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
  for (const [path, text] of Object.entries(mains)) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

async function run(root: string, nodeFlags: readonly string[], words: readonly string[] = [], input = '') {
  const child = spawn(process.execPath, [...nodeFlags, join(root, 'bin/lingpai.js'), ...words])
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin.end(input)
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, out, err }
}

const ECHO = `
let text = ''
for await (const part of process.stdin) text += part
console.log(JSON.stringify({ words: process.argv.slice(2), text }))
process.exitCode = 7
`

/** Says its id, then lives until it is told to end. */
const LIVE = `
process.on('SIGTERM', () => { console.log('told to end'); process.exit(5) })
setInterval(() => {}, 1000)
console.log('pid ' + process.pid)
`

describe('bin/lingpai.js', () => {
  it('is committed executable, so that npx in a checkout may run it', () => {
    const [mode] = execFileSync('git', ['ls-files', '-s', 'bin/lingpai.js'], {
      cwd: repository,
      encoding: 'utf8',
    }).split(' ')
    expect(mode).toBe('100755')
  })

  it('is read by parsers that know nothing newer than ES5', () => {
    const text = readFileSync(join(repository, 'bin/lingpai.js'), 'utf8').replace(/^\s*\/\/.*$|\/\*\*.*$|^#!.*$/gm, '')
    expect(text).not.toMatch(/=>|`|\b(const|let|class|async|await|import)\b|\?\?|\?\.|\.\.\.|,\s*\)/)
    expect(text).toMatch(/\bvar\b/)
  })

  it('runs src/main.ts in a checkout, even beside a dist, and dist/main.js when published', async () => {
    const checkout = packageOf('checkout', { 'src/main.ts': "console.log('source' as string)", 'dist/main.js': '' })
    const published = packageOf('published', { 'dist/main.js': "console.log('built')" })
    expect(await run(checkout, [])).toMatchObject({ code: 0, out: 'source\n' })
    expect(await run(published, [])).toMatchObject({ code: 0, out: 'built\n' })
  })

  it('a main program that cannot be loaded ends with 1 and says why', async () => {
    const root = packageOf('broken', { 'dist/main.js': "throw new Error('broken main')" })
    expect(await run(root, [])).toMatchObject({ code: 1, err: expect.stringContaining('broken main') })
  })

  it.each(['0.12.18', '18.20.4', '23.11.1', '24.14.0'])(
    'Node %s is refused in one line that says what to do',
    async (version) => {
      const root = packageOf(`alone-${version}`, { 'dist/main.js': "console.log('ran')" })
      const { code, out, err } = await run(root, oldNode(root, version))
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toBe(
        `Lingpai needs Node.js 24.15 or newer, and this is ${version}. Install it from https://nodejs.org/ (the version marked LTS) and run the command again.\n`,
      )
    },
  )

  it.each([
    ['zh_CN.UTF-8', true],
    ['zh_CN.GB18030', false],
    ['en_US.UTF-8', false],
  ])('is refused in the language of %s', async (language, isChinese) => {
    for (const [name, value] of Object.entries({ LINGPAI_LANGUAGE: '', LC_ALL: '', LC_MESSAGES: '', LANG: language }))
      vi.stubEnv(name, value)
    const root = packageOf(`alone-${language}`, { 'dist/main.js': "console.log('ran')" })
    const { code, out, err } = await run(root, oldNode(root, '20.11.0'))
    vi.unstubAllEnvs()
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe(
      isChinese
        ? 'Lingpai 令牌需要 Node.js 24.15 或更新版本，当前是 20.11.0。请从 https://nodejs.org/ 安装（标有 LTS 的版本），然后重新运行命令。\n'
        : 'Lingpai needs Node.js 24.15 or newer, and this is 20.11.0. Install it from https://nodejs.org/ (the version marked LTS) and run the command again.\n',
    )
  })

  it.each(['24.15.0', '24.100.0', '25.0.0', '26.1.0'])('Node %s runs it itself', async (version) => {
    const root = packageOf(`new-${version}`, { 'dist/main.js': "console.log('ran')" })
    expect(await run(root, oldNode(root, version))).toMatchObject({ code: 0, out: 'ran\n' })
  })

  it.runIf(process.platform === 'linux')(
    'a checkout before npm ci says that npm ci brings the right Node',
    async () => {
      const root = packageOf('fresh', { 'src/main.ts': '' })
      expect(await run(root, oldNode(root))).toMatchObject({
        code: 1,
        err: expect.stringContaining('Run "npm ci" here first'),
      })
    },
  )
})

describe.runIf(process.platform === 'linux')('started by npm, through a shell that hands on no signal', () => {
  // As npm 11 starts them: the shell waits for the command, and is all that npm sends a signal to.
  async function startThroughShell(name: string, npmCommand: string, nodeFlags: (root: string) => readonly string[]) {
    const root = packageOf(name, { 'src/main.ts': LIVE })
    bringNode(root)
    const command = [process.execPath, ...nodeFlags(root), join(root, 'bin/lingpai.js')].map((word) => `'${word}'`)
    const shell = spawn('sh', ['-c', `${command.join(' ')}; exit $?`], {
      env: { ...process.env, npm_command: npmCommand },
    })
    let text = ''
    shell.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
    while (!text.includes('\n')) await once(shell.stdout, 'data')
    return { shell, said: () => text, inner: Number(/pid (\d+)/.exec(text)?.[1]) }
  }

  it.each([
    ['npx lingpai', 'exec'],
    ['npm start', 'start'],
  ])('%s ends when the shell does', async (name, npmCommand) => {
    const { shell, said } = await startThroughShell(name, npmCommand, () => [])
    shell.kill('SIGTERM')
    // The pipe closes when the last process that holds it has ended.
    await once(shell, 'close')
    expect(said()).toContain('told to end')
  })

  it('the Node that a checkout brings ends too', async () => {
    const { shell, said } = await startThroughShell('by-npm-brought', 'exec', oldNode)
    shell.kill('SIGTERM')
    await once(shell, 'close')
    expect(said()).toContain('told to end')
  })

  it('without npm it outlives its parent, as a daemon does', async () => {
    const { shell, said, inner } = await startThroughShell('daemon', '', () => [])
    shell.kill('SIGKILL')
    await once(shell, 'exit')
    // Longer than the entry file takes to look.
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(isAlive(inner)).toBe(true)
    process.kill(inner, 'SIGTERM')
    await once(shell, 'close')
    expect(said()).toContain('told to end')
  })
})

describe.runIf(process.platform === 'linux')('the Node that a checkout brings', () => {
  it('gets the words and the input, and its exit code is kept', async () => {
    const root = packageOf('brings', { 'src/main.ts': ECHO })
    bringNode(root)
    const { code, out } = await run(root, oldNode(root), ['user', 'add', '--name', '张 三'], 'secret\n')
    expect(JSON.parse(out)).toEqual({ words: ['user', 'add', '--name', '张 三'], text: 'secret\n' })
    expect(code).toBe(7)
  })

  it('has a small young generation and no threads that compile, as with `npm start`, unless NODE_OPTIONS says how large the former is', async () => {
    const root = packageOf('young', { 'src/main.ts': 'console.log(JSON.stringify(process.execArgv))' })
    bringNode(root)
    const flags = async () => JSON.parse((await run(root, oldNode(root))).out) as unknown
    expect(await flags()).toEqual(['--max-semi-space-size=4', '--no-concurrent-recompilation'])
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>
    }
    expect(scripts['start']).toBe('node --max-semi-space-size=4 --no-concurrent-recompilation bin/lingpai.js start')
    vi.stubEnv('NODE_OPTIONS', '--max-semi-space-size=4')
    expect(await flags()).toEqual(['--no-concurrent-recompilation'])
    vi.unstubAllEnvs()
  })

  it('a file that cannot run here, as on Alpine, is as none', async () => {
    const root = packageOf('alpine', { 'src/main.ts': ECHO })
    mkdirSync(join(bundled(root), '..'), { recursive: true })
    writeFileSync(bundled(root), '#!/no/such/loader\n')
    chmodSync(bundled(root), 0o755)
    const { code, err } = await run(root, oldNode(root))
    expect(code).toBe(1)
    expect(err).toMatch(/^Lingpai needs Node\.js 24\.15 or newer.*\n$/)
  })

  it('gets the signals of the one that was started, and its exit code is kept', async () => {
    const { wrapper, said, inner } = await startLiving('signals')
    wrapper.kill('SIGTERM')
    const [code] = (await once(wrapper, 'close')) as [number | null]
    expect({ code, last: said().split('\n').at(-2) }).toEqual({ code: 5, last: 'told to end' })
    expect(isAlive(inner)).toBe(false)
  })

  it('that was killed ends the one that was started by the same signal', async () => {
    const { wrapper, inner } = await startLiving('killed')
    process.kill(inner, 'SIGKILL')
    const [, signal] = (await once(wrapper, 'close')) as [number | null, NodeJS.Signals | null]
    expect(signal).toBe('SIGKILL')
  })

  it('ends when the one that was started is killed', async () => {
    const { wrapper, said } = await startLiving('orphan')
    wrapper.kill('SIGKILL')
    // The pipe closes when the last process that holds it has ended.
    await once(wrapper, 'close')
    expect(said()).toContain('told to end')
  })

  async function startLiving(name: string) {
    const root = packageOf(name, { 'src/main.ts': LIVE })
    bringNode(root)
    const wrapper = spawn(process.execPath, [...oldNode(root), join(root, 'bin/lingpai.js')])
    let text = ''
    wrapper.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
    while (!text.includes('\n')) await once(wrapper.stdout, 'data')
    return { wrapper, said: () => text, inner: Number(/pid (\d+)/.exec(text)?.[1]) }
  }
})
