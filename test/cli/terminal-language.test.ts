// What commands say to a newcomer whose terminal speaks Chinese: from the first start to the first rehearsal no sentence in
// English, and programs read what they always read.

import { spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  lingpai,
  lingpaiJson,
  type Outcome,
  outcomeOf,
  REPOSITORY,
  type RunOptions,
  scratchFolder,
  spawnLingpai,
} from '../support/cli.ts'
import { TEST_PASSWORD } from '../support/server.ts'

const scratch = scratchFolder()
const data = scratch.path('data')
const CHINESE = { LANG: 'zh_CN.UTF-8' }
const KEY = { LINGPAI_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url') }

const taken = createServer()
let port: string

beforeAll(async () => {
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  port = String((taken.address() as { port: number }).port)
  const words = ['user', 'add', '--username', 'alice', '--phone', '13800138000', '--password-stdin']
  const place = ['--data', data, '--issuer', 'http://localhost:4000']
  expect((await lingpai([...words, ...place], { stdin: TEST_PASSWORD })).code).toBe(0)
})
afterAll(async () => {
  await new Promise((resolve) => taken.close(resolve))
  scratch.remove()
})

const here = (words: string) => () => [...words.split(' '), '--data', data]

function foreign(): string {
  const folder = scratch.path('foreign')
  if (existsSync(folder)) return folder
  mkdirSync(folder, { mode: 0o700 })
  new DatabaseSync(`${folder}/lingpai.sqlite`).exec('CREATE TABLE user (x INTEGER)')
  writeFileSync(`${folder}/master.key`, KEY.LINGPAI_MASTER_KEY, { mode: 0o600 })
  return folder
}

/** Without commands, flags and addresses, which have no language, and what another program has said. */
function prose({ stdout, stderr }: Outcome): string {
  return `${stdout}${stderr}`
    .replaceAll(/npx [ -~]*|printf [ -~]*|https?:[ -~]*|^Scope [ -~]*/gm, '')
    .replaceAll(/connect ECONN\w+/g, '')
}

const SENTENCE = /[A-Za-z]{2,}(?: [a-z]{2,}){2,}/

interface Row {
  readonly what: string
  readonly words: () => readonly string[]
  readonly code: number
  readonly says: string
  readonly options: RunOptions
}

const row = (what: string, words: Row['words'], code: number, says: string, options: RunOptions = {}): Row => ({
  what,
  words,
  code,
  says,
  options,
})

describe.each<Row>([
  row('a port that is taken', () => ['start', '--data', scratch.path('new'), '--port', port], 5, '已被其他程序占用'),
  row('a folder that is a file', () => ['start', '--port', '0', '--data', '/etc/passwd'], 5, '它是一个文件'),
  row(
    'a folder where nothing may be made',
    () => ['start', '--port', '0', '--data', '/proc/x'],
    5,
    '数据目录 /proc/x 不可用',
  ),
  row('an option that is not known', () => ['start', '--hots', 'x'], 2, '是否想写 --host？'),
  row('a command that is not known', () => ['strat'], 2, '是否想写 start？'),
  row('a port that is none', () => ['start', '--port', 'abc'], 2, '--port 必须是 0 到 65535 之间的整数，而不是 "abc"'),
  row('a variable that is not known', () => ['start'], 2, '没有 LINGPAI_PORTT 这个环境变量', {
    env: { LINGPAI_PORTT: '1' },
  }),
  row('a language that is none', () => ['start'], 2, 'LINGPAI_LANGUAGE 必须是下列之一', {
    env: { LINGPAI_LANGUAGE: 'fr' },
  }),
  row('a public address without TLS', here('start --issuer https://sso.example.com --port 0'), 2, '需要 TLS'),
  row('a public address in the clear', here('start --issuer http://sso.example.com --port 0'), 2, '明文'),
  row(
    'another address than the stored one',
    here('start --issuer http://localhost:4001 --port 0'),
    2,
    '--accept-new-issuer',
  ),
  row('PostgreSQL without a master key', () => ['setup-link', '--database', 'postgres://127.0.0.1:1/x'], 2, '主密钥'),
  row(
    'PostgreSQL that does not answer',
    () => ['start', '--port', '0', '--database', 'postgres://u:p@127.0.0.1:1/x'],
    5,
    '数据库没有应答',
    { env: KEY },
  ),
  row('another master key', here('setup-link'), 6, '主密钥与建立此数据库时所用的不同', { env: KEY }),
  row('workers on SQLite', here('start --workers 2'), 2, '需要 PostgreSQL'),
  row('no installation', () => ['setup-link', '--data', scratch.path('none')], 3, '中还没有数据'),
  row('a preset that is none', here('client add --preset x --name 制作云'), 3, '没有“x”这个预设'),
  row('a preset that is nearly one', here('client add --preset zhizuoyu --name 制作云'), 3, '是否想写 zhizuoyun？'),
  row('a proxy that is none', here('start --trusted-proxies nginx --port 0'), 2, '"nginx" 既不是 IP 地址，也不是网段'),
  row(
    'a public address with a query',
    here('start --issuer https://sso.example.com/?a=b --trusted-proxies 127.0.0.1 --port 0'),
    2,
    '--issuer 不能带查询参数。',
  ),
  row('no user name', here('user add'), 2, '请给出用户名'),
  row('a user name without its flag', here('user add bob'), 2, '“add”不接受参数，却收到 1 个：bob'),
  row(
    'a verified number without a number',
    here('user add --username bob --phone-verified'),
    2,
    '手机号已验证为“是”，但没有手机号',
  ),
  row('nothing to change', here('user update alice'), 2, '没有给出要更改的内容'),
  row('a folder in place of a file', here('user import .'), 2, '导入文件 . 不是普通文件'),
  row('no password', here('user add --username bob --password-stdin'), 2, '标准输入中没有密码'),
  row(
    'a weak password and a wrong number',
    here('user add --username bob --phone 123 --password-stdin'),
    2,
    '密码至少 8 个字符',
    { stdin: 'abc' },
  ),
  row(
    'a number that is taken',
    here('user add --username bob --phone 13800138000'),
    4,
    '已属于另一位已启用的用户：alice',
  ),
  row(
    'a next master key where the present one is in the folder',
    here('master-key replace --new-key-file x'),
    2,
    '新的主密钥也会生成在那里。请去掉 --new-key-file',
  ),
  row('no next master key', here('master-key replace'), 2, '没有给出新的主密钥。请先生成：', { env: KEY }),
  row('a user name that is taken', here('user add --username alice'), 4, '用户名 alice 已被其他用户使用'),
  row('a file that is not there', here('user import none.csv'), 2, '导入文件 none.csv 不可用：没有这个文件'),
  row(
    'a database of another program',
    () => ['start', '--port', '0', '--data', foreign()],
    4,
    '数据库中有其他程序的表',
  ),
  row('a client that is not there', here('rehearse nobody'), 3, '没有“nobody”这个客户端'),
])('$what', ({ words, code, says, options }) => {
  test('is told in Chinese', async () => {
    const env = { ...CHINESE, ...options.env }
    const told = await lingpai(words(), { ...options, env })
    expect([told.code, told.stdout]).toEqual([code, ''])
    expect(told.stderr).toMatch(/^错误：/)
    expect(told.stderr).toContain(says)
    expect(prose(told)).not.toMatch(SENTENCE)
  })

  test('is told in English elsewhere, and to programs', async () => {
    // One after the other: two starts at once on one folder would tell of each other.
    const told = await lingpai(words(), options)
    const program = await lingpai([...words(), '--json'], { ...options, env: { ...CHINESE, ...options.env } })
    expect(told.stderr).toMatch(/^Error: /)
    expect(told.stderr).not.toMatch(/[，。：]/)
    expect(program.stderr).toBe(told.stderr)
    expect(program.stdout).not.toMatch(/[，。：]/)
  })
})

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'data of another user, on which no server has run yet, is no fault of ours, in both languages',
  async () => {
    const data = scratch.path('imported')
    const alice = ['user', 'add', '--username', 'alice', '--issuer', 'http://localhost:4000', '--data', data]
    expect((await lingpai(alice)).code).toBe(0)
    for (const file of readdirSync(data)) chownSync(`${data}/${file}`, 65_534, 65_534)
    chmodSync(data, 0o755)
    chmodSync(scratch.path('.'), 0o711)
    const words = [`${REPOSITORY}/bin/lingpai.js`, 'start', '--port', '0', '--data', data]
    const start = (language: string) =>
      outcomeOf(
        spawn(process.execPath, words, {
          env: { PATH: process.env['PATH'], LINGPAI_LANGUAGE: language },
          uid: 65_534,
          gid: 65_534,
        }),
      )
    const [english, chinese] = [await start('en'), await start('zh-CN')]
    expect([english.code, chinese.code]).toEqual([5, 5])
    expect(english.stderr).toMatch(
      /^Error: The data folder .*imported cannot be used: permission denied\. Run it as the user/,
    )
    expect(chinese.stderr).toMatch(/^错误：数据目录 .*imported 不可用：没有权限。请以这些文件的所有者运行/)
  },
)

test('the commands of the first hour say what they have done in Chinese', async () => {
  const run = async (words: string, stdin?: string) => {
    const told = await lingpai(here(words)(), { env: CHINESE, ...(stdin !== undefined && { stdin }) })
    expect(told.code, told.stderr).toBe(0)
    expect(prose(told)).not.toMatch(SENTENCE)
    return told
  }
  expect((await run('setup-link')).stdout).toMatch(/^请在浏览器中打开下面的链接。/)
  expect((await run('user add --username carol')).stdout).toContain(
    '设置密码之后才能登录：npx lingpai user set-password',
  )
  expect((await run('user set-password carol', TEST_PASSWORD)).stdout).toContain('已设置 carol 的密码')
  expect((await run('user update carol --phone 13900139000 --phone-verified')).stdout).toBe('已更改 carol。\n')
  expect((await run('user disable carol')).stdout).toBe('已停用 carol，其会话和令牌均已失效。\n')
  expect((await run('user enable carol')).stdout).toBe('carol 可以重新登录了。\n')
  expect((await run('user remove carol')).stdout).toMatch(
    /^已删除 carol，其个人信息均已清除。用户标识 \S+ 不再使用。\n$/,
  )
  const added = await run('client add --preset zhizuoyun --name 制作云 --client-id tenant')
  expect(added.stderr).toMatch(/^提醒：制作云无法访问 http:\/\/localhost:4000：/)
  expect(added.stdout).toContain('密钥只显示这一次')
  expect((await run('rehearse tenant')).stdout).toContain('请打开此页面')
  expect((await run('trace')).stdout).toBe('尚未收到任何请求。\n')
})

test('an import says in Chinese what is wrong with each row, and what it has done', async () => {
  const file = scratch.path('people.csv')
  const rows = ['username,name,phone,phone_verified', 'dora,王五,13700137000,是', 'emil,赵六,1.38E+10,maybe']
  writeFileSync(file, rows.join('\n'))
  const imported = async (env: Record<string, string>, ...more: readonly string[]) =>
    lingpai(['user', 'import', file, '--data', data, ...more], { env })
  const refused = await imported(CHINESE)
  expect(refused.code).toBe(1)
  expect(refused.stdout).toMatch(/^第 3 行：手机号已被 Excel 变成 1\.38E\+10，/m)
  expect(refused.stdout).toContain('没有做任何更改：2 行（csv，utf-8）中有 1 行无法导入。')
  expect((await imported({}, '--dry-run', '--skip-bad')).stdout).toContain('Checked: 2 rows (csv, utf-8).')
  const done = await imported(CHINESE, '--skip-bad')
  expect(done.code).toBe(0)
  expect(done.stdout).toContain('已导入 1 位用户，来自 2 行（csv，utf-8）。跳过了 1 行。')
  expect(prose(done)).not.toMatch(SENTENCE)
})

test('a backup and the way back are told in Chinese, and so is what stands in their way', async () => {
  const run = async (code: number, ...words: readonly string[]) => {
    const told = await lingpai(words, { env: CHINESE })
    expect([told.code, told.stderr]).toEqual([code, code === 0 ? '' : expect.stringMatching(/^错误：/)])
    expect(prose(told)).not.toMatch(SENTENCE)
    return told.stdout + told.stderr
  }
  const [file, back] = [scratch.path('all.backup'), scratch.path('back')]
  const here = ['--data', data]
  const written = await run(0, 'backup', file, ...here)
  expect(written).toMatch(/all\.backup 已写好并经过验证：\d+ KiB，没有加密。\n其中没有主密钥，请另行保管：/)
  expect(await run(4, 'backup', file, ...here)).toContain('已经存在。备份绝不覆盖已有文件')
  expect(await run(1, 'backup', `${scratch.path('none')}/x`, ...here)).toContain('没有这个目录')
  expect(await run(4, 'restore', file, ...here)).toContain('不是空的。备份只恢复到新目录')
  expect(await run(2, 'restore', file, '--data', back)).toContain('--master-key-file FILE')
  expect(await run(1, 'restore', `${data}/master.key`, '--data', back)).toContain('该文件不是本程序的备份')
  const passphrase = scratch.path('passphrase.txt')
  writeFileSync(passphrase, 'five random words are good', { mode: 0o600 })
  expect(await run(1, 'restore', file, '--data', back, '--passphrase-file', passphrase)).toContain(
    '给出了口令，但该备份并未加密。如果制作时是加密的',
  )
  const restored = await run(0, 'restore', file, '--data', back, '--master-key-file', `${data}/master.key`)
  expect(restored).toContain(
    `备份已恢复到 ${back}。\n请带上原来的选项（例如 --trusted-proxies）启动：npx lingpai start --data ${back}`,
  )
  const replaced = await run(0, 'master-key', 'replace', '--data', back)
  expect(replaced).toMatch(/^主密钥已更换：\w+ 取代 \w+。已重新封装：/)
  expect(replaced).toContain(`启动服务器：npx lingpai start --data ${back}`)
})

test('an import that is stopped says so in Chinese, and changes nothing', async () => {
  const file = scratch.path('many.csv')
  const people = Array.from({ length: 400 }, (_, n) => `many${n},obviously fake pass phrase ${n}`)
  writeFileSync(file, `username,password\n${people.join('\n')}\n`)
  const child = spawnLingpai(['user', 'import', file, '--data', data], { env: CHINESE })
  const outcome = outcomeOf(child)
  const database = new DatabaseSync(`${data}/lingpai.sqlite`, { readOnly: true })
  const under = database.prepare('SELECT count(*) AS imports FROM user_import')
  await vi.waitFor(() => expect(under.get()).toEqual({ imports: 1 }), { timeout: 10_000, interval: 20 })
  database.close()
  child.kill('SIGINT')
  const { code, stderr } = await outcome
  expect([code, stderr]).toEqual([1, '错误：导入已停止，没有做任何更改。\n'])
  expect((await lingpai(here('user show many0')())).code).toBe(3)
})

test('a line of a configuration file is named in Chinese without a stray blank', async () => {
  const file = scratch.path('wrong.yaml')
  writeFileSync(file, 'port: x\n')
  const { stderr } = await lingpai(here(`start --config ${file}`)(), { env: CHINESE })
  expect(stderr).toContain(`${file} 第 1 行：port 必须是 0 到 65535 之间的整数，而不是 "x"`)
})

test('an address that holds a password is refused without showing it, in both languages', async () => {
  const words = here('start --issuer https://admin:hunter2@sso.example.com --trusted-proxies 127.0.0.1')
  const [english, chinese] = [await lingpai(words()), await lingpai(words(), { env: CHINESE })]
  expect(english.stderr).toMatch(/^Error: --issuer must not hold a user name or a password\. See: /)
  expect(chinese.stderr).toMatch(/^错误：--issuer 不能含有用户名或密码。请查看：/)
  expect(english.stderr + chinese.stderr).not.toContain('hunter2')
})

test('what was chosen goes before what the system speaks, both ways', async () => {
  const link = async (env: Record<string, string>) => (await lingpai(here('setup-link')(), { env })).stdout
  expect(await link({ ...CHINESE, LINGPAI_LANGUAGE: 'en' })).toMatch(/^Open this link/)
  expect(await link({ LINGPAI_LANGUAGE: 'zh-CN' })).toMatch(/^请在浏览器中打开/)
})

test('what is not known in Chinese is told wholly in English', async () => {
  const { stderr } = await lingpai(here('key retire nothing')(), { env: CHINESE })
  expect(stderr).toMatch(/^Error: /)
  expect(stderr).not.toMatch(/\p{Script=Han}/u)
})

test('warnings are in English for programs', async () => {
  const made = await lingpaiJson<{ warnings: string[] }>(here('client add --preset zhizuoyun --name x')(), {
    env: CHINESE,
  })
  expect(made.warnings.join(' ')).toContain('cannot reach http://localhost:4000')
})
