import { afterAll, describe, expect, test } from 'vitest'
import { HINTS_EN } from '../../src/administration/trace/hints-en.ts'
import { HINTS_ZH } from '../../src/administration/trace/hints-zh.ts'
import { type Flags, tip, withTips } from '../../src/cli/flags.ts'
import { COMMAND_IN_TEXT } from '../../src/model/commands/in-text.ts'
import { WORDS } from '../../src/pages/words/index.ts'
import { lingpai, scratchFolder } from '../support/cli.ts'

const HERE: Flags = { data: '/srv/lingpai', most: '3' }

describe('a command that people are told', () => {
  test.each<[Flags, string]>([
    [{}, 'npx lingpai key list'],
    [HERE, 'npx lingpai key list --data /srv/lingpai'],
    [{ data: '/srv/two words', config: 'a.yaml' }, "npx lingpai key list --data '/srv/two words' --config a.yaml"],
    // The address may hold a password.
    [{ database: 'postgres://user:secret@db/x' }, 'npx lingpai key list --database URL'],
  ])('leads to the same installation: %j', (flags, told) => {
    expect(tip('key list', flags)).toBe(told)
    expect(withTips('See: npx lingpai key list', flags)).toBe(`See: ${told}`)
  })

  test.each([
    ['nothing to run', 'nothing to run'],
    ['Take it back: npx lingpai key undo A-b_1', 'Take it back: npx lingpai key undo A-b_1 --data /srv/lingpai'],
    [
      'Use "npx lingpai key rotate --at-once", or "npx lingpai key undo A".',
      'Use "npx lingpai key rotate --at-once --data /srv/lingpai", or "npx lingpai key undo A --data /srv/lingpai".',
    ],
    ['请用“npx lingpai client show”查看。', '请用“npx lingpai client show --data /srv/lingpai”查看。'],
    [
      '没有登记：npx lingpai user update 张三 --phone …',
      '没有登记：npx lingpai user update 张三 --phone … --data /srv/lingpai',
    ],
    [
      "没有登记：npx lingpai user update '老 “板”；;' --phone …",
      "没有登记：npx lingpai user update '老 “板”；;' --phone … --data /srv/lingpai",
    ],
    [
      `Look: "npx lingpai consent list --user 'a'\\''"b'", then go on.`,
      `Look: "npx lingpai consent list --user 'a'\\''"b' --data /srv/lingpai", then go on.`,
    ],
    // As Windows has it.
    [
      'Look: "npx lingpai consent list --user "a “b”；c"", then "npx lingpai key list".',
      'Look: "npx lingpai consent list --user "a “b”；c" --data /srv/lingpai", then "npx lingpai key list --data /srv/lingpai".',
    ],
    [
      `Look: "npx lingpai consent list --user '$a''; "b"'", then go on.`,
      `Look: "npx lingpai consent list --user '$a''; "b"' --data /srv/lingpai", then go on.`,
    ],
    ['first: npx lingpai key list\nsecond', 'first: npx lingpai key list --data /srv/lingpai\nsecond'],
  ])('%j', (words, told) => {
    expect(withTips(words, HERE)).toBe(told)
    expect(withTips(words, {})).toBe(words)
  })
})

describe('the advice for refusals', () => {
  // Whatever stood behind a command, and was not ended by quotes or a sentence, would become a part of it.
  test.each([...Object.entries(HINTS_EN), ...Object.entries(HINTS_ZH)])(
    '%s: a command is last, or in quotes',
    (_, hint) => {
      for (const [whole, opened, closed] of hint.matchAll(/(.?)npx lingpai [^"“”。；\n]+(.?)/g)) {
        expect(`${opened}${closed}`).toMatch(/^("")$|^(“”)$|^ $/)
        expect(whole).not.toMatch(/, |\.$/)
      }
    },
  )
})

describe('a command in the advice of a trace or an error page says all that it needs', () => {
  const scratch = scratchFolder()
  afterAll(() => scratch.remove())
  const pages = Object.values(WORDS).flatMap(({ errors }) => [
    ...Object.values(errors.advice),
    ...Object.values(errors.notices),
  ])
  const advice = [...Object.values(HINTS_EN), ...Object.values(HINTS_ZH), ...pages.map(({ operator }) => operator)]
  const commands = new Set(advice.flatMap((text) => [...text.matchAll(COMMAND_IN_TEXT)].map(([command]) => command)))

  test('there are some', () => {
    expect(commands.size).toBeGreaterThan(10)
  })

  test.each([...commands])('%s', async (command) => {
    const words = command.replace('npx lingpai ', '').split(' ')
    // It is understood whole, and then misses the installation.
    const { code, stderr } = await lingpai([...words, '--data', scratch.path('none')])
    expect([code, stderr]).toEqual([3, expect.stringContaining('There is no installation in')])
  })
})
