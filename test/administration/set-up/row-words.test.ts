// Every reason why a row is refused is said in Chinese too: the real checks are asked, so that a sentence which
// changes there cannot quietly become English here.

import { describe, expect, it } from 'vitest'
import { problemSentence } from '../../../src/administration/set-up/row-words.ts'
import { conflictProblem } from '../../../src/administration/user-import/check-file.ts'
import { checkRow } from '../../../src/administration/user-import/check-row.ts'

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
