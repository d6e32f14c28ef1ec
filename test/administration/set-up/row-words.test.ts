// Every reason why a row is refused is said in Chinese too: the real checks are asked, so that a sentence which
// changes there cannot quietly become English here.

import { describe, expect, it } from 'vitest'
import { AdministrationError } from '../../../src/administration/errors.ts'
import { fileSentence, problemSentence } from '../../../src/administration/set-up/row-words.ts'
import { BrokenFile } from '../../../src/administration/user-import/broken-file.ts'
import { conflictProblem } from '../../../src/administration/user-import/check-file.ts'
import { checkRow } from '../../../src/administration/user-import/check-row.ts'
import { bytesSource, decodedText, inspectFile } from '../../../src/administration/user-import/import-file.ts'
import { rowsOf } from '../../../src/administration/user-import/rows.ts'

const LONG = 'x'.repeat(300)
const BAD_CELLS: readonly (readonly [column: string, cells: readonly string[]])[] = [
  [
    'phone',
    [
      '1.38E+10',
      '#####',
      '=A1',
      '13800138000/13900139000',
      '13800138000转8',
      'call me',
      '1'.repeat(70),
      '138*0013*8000',
      '013800138000',
      '01012345678',
      '8613800138',
      '12800138000',
      '13800130000000',
      '123',
      '+86138001380',
      '+86013800138000',
      '+999123456',
      '+12025',
      '1380000',
    ],
  ],
  ['username', ['', LONG, 'a\u0007b', 'a\u200Bb', 'a\uE000b']],
  ['name', [LONG, 'a\u0007b']],
  ['user_id', ['张三', LONG, 'null']],
  ['email', ['nobody', `${LONG}@example.com`]],
  ['birthdate', ['yesterday']],
  ['locale', ['??']],
  ['website', ['ftp://x']],
  ['phone_verified', ['maybe', 'true']],
  ['email_verified', ['true']],
  ['password', ['short', 'x'.repeat(2000), 'wang', 'password123', 'a\u0000bcdefgh']],
  ['password_hash', ['not-a-hash']],
]

describe('in Chinese', () => {
  it.each(BAD_CELLS.flatMap(([column, cells]) => cells.map((cell) => [column, cell] as const)))(
    '%s: %j',
    async (column, cell) => {
      const cells = new Map([
        ['username', column === 'password' && cell === 'wang' ? 'wang' : 'wang-wu'],
        [column, cell],
      ])
      const checked = await checkRow({ line: 2, cells, problems: [] })
      const problems = 'problems' in checked ? checked.problems : []
      expect(problems.length).toBeGreaterThan(0)
      for (const problem of problems) {
        const said = problemSentence(problem)
        expect(said.en).toContain(problem.problem)
        expect(said['zh-CN']).toMatch(/\p{Script=Han}/u)
        expect(said['zh-CN']).not.toContain(problem.problem)
        if (problem.hint !== undefined) expect(said['zh-CN']).not.toContain(problem.hint)
      }
    },
  )

  it.each(['username_taken', 'phone_taken', 'user_id_taken'] as const)('%s', (conflict) => {
    const problem = conflictProblem(conflict)
    expect(problemSentence(problem)['zh-CN']).not.toContain(problem.problem)
  })

  it('a sentence that nobody knows stays as it is', () => {
    const said = problemSentence({ column: 'shoe', problem: 'is untied', hint: 'Tie it' })
    expect(said).toEqual({ en: 'shoe is untied. Tie it', 'zh-CN': 'shoe is untied。Tie it' })
  })
})

/** What a file as a whole is refused for, by the real reader. */
async function faultOf(content: string | Uint8Array): Promise<unknown> {
  const source = bytesSource(Buffer.from(content))
  try {
    const file = await inspectFile(source)
    for await (const row of rowsOf(decodedText(source, file.encoding), file)) {
      if (row.problems.length > 0) return row.problems[0]
    }
  } catch (error) {
    return error
  }
  throw new Error('the file is good')
}

describe('a file', () => {
  it.each([
    ['an unknown column', 'username,部门\na,b\n', /没有“部门”这一列。要保留自己的列，请命名为 custom\.department/],
    ['a mistyped column', 'username,phon\na,b\n', /没有“phon”这一列。是否想写 phone？/],
    ['no header', '周八,zhouba,13800138000\n', /第 1 行不是列名。第一行必须是列名，例如：用户名,姓名,/],
    ['nothing', '\n', /列名/],
    ['an array', '[{"username":"a"}]', /JSON Lines/],
    ['no text', Buffer.from([0xff, 0xff, 0xff]), /从第 1 行起有误.*CSV UTF-8/],
    ['a workbook', Buffer.from('PK\u0003\u0004\0\0'), /Excel 工作簿.*CSV UTF-8/],
    ['UTF-16', Buffer.from('\uFEFFusername', 'utf16le'), /UTF-16.*CSV UTF-8/],
    ['too many columns', `username${',custom.c'.repeat(200)}\n`, /201 列，最多 200 列/],
    ['a column twice', 'username,phone,手机号\na,,\n', /表头中的 phone 和 手机号 都是 phone 一列/],
    ['no user name', 'name,phone\na,1\n', /用户名/],
    ['an open quote', 'username,name\na,"b\n', /双引号没有结束/],
    ['a stray quote', 'username,name\na,b"c\n', /不该有的位置.*写两遍/],
    ['a line without end', `username,name\na,"${'x'.repeat(70_000)}"\n`, /超过 64 KiB/],
    ['no JSON', '{username:"a"}', /JSON/],
    ['JSON of another kind', '{"username":"a"}\n"b"', /JSON 对象/],
    ['an unknown member', '{"username":"a","phon":"1"}', /phon不是已知的列。是否想写 phone？/],
    ['a list', '{"username":["a"]}', /不是文本/],
    ['a member twice', '{"username":"a","mobile":"1","phone":"2"}', /两个名称/],
  ] as const)('with %s is refused in both languages', async (_what, content, chinese) => {
    const fault = await faultOf(content)
    const said =
      fault instanceof AdministrationError
        ? fileSentence(fault)
        : problemSentence(
            fault instanceof BrokenFile
              ? { column: null, problem: fault.message, ...(fault.hint !== null && { hint: fault.hint }) }
              : (fault as Parameters<typeof problemSentence>[0]),
          )
    expect(said['zh-CN']).toMatch(chinese)
    expect(said['zh-CN']).not.toMatch(/\b(the|The|line|column|Did|known)\b/)
    expect(said.en).toMatch(/\b(is|are|has|have|stands|names)\b/)
    expect(said.en).not.toMatch(/第/)
  })

  it('without a header repeats nothing of what may be a password', async () => {
    const fault = await faultOf('周八,zhouba,obviously-fake-secret\n')
    expect(JSON.stringify(fileSentence(fault as AdministrationError))).not.toMatch(/secret|zhouba|周八/)
  })
})
