// Every rule that the source decides by has a hint in both languages, and no hint is about a rule that is gone.

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HINTED_RULES, hintOf, isAnswered } from '../../../src/administration/trace/hints.ts'
import { rulesInSource, unionInSource } from './rules-in-source.ts'

const source = join(import.meta.dirname, '../../../src')
const { files, rules, patterns } = rulesInSource(source, ['issuer', 'sign-in', 'protocol', 'http'])
/** A grant that no longer holds is refused by the name of its state. */
const states = unionInSource(join(source, 'store/statements/grant.ts'), 'GrantState').filter(
  (state) => state !== 'live',
)
/** Given by the recorder itself. */
const own = ['unnamed']

describe('hints', () => {
  test('the search for rules has looked at the source', () => {
    expect(files).toBeGreaterThan(30)
    expect(rules.size).toBeGreaterThan(80)
    expect([...rules.keys()]).toEqual(
      expect.arrayContaining(['code_replayed', 'redirect_uri_mismatch', 'server_failed']),
    )
    expect(states).toContain('user_disabled')
  })

  test('every rule of the source has one', () => {
    const without = [...rules].filter(([rule]) => hintOf(rule) === null).map(([rule, file]) => `${rule} in ${file}`)
    expect(without).toEqual([])
    expect(states.filter((state) => hintOf(state) === null)).toEqual([])
    expect(patterns.filter((pattern) => !HINTED_RULES.some((rule) => pattern.test(rule)))).toEqual([])
  })

  test('none is about a rule that is gone', () => {
    const known = new Set([...rules.keys(), ...states, ...own])
    const gone = HINTED_RULES.filter((rule) => !known.has(rule) && !patterns.some((pattern) => pattern.test(rule)))
    expect(gone).toEqual([])
  })

  test.each(HINTED_RULES)('%s says something in both languages', (rule) => {
    const hint = hintOf(rule)
    expect(hint?.en).toMatch(/^[A-Za-z].{9,}\.$/)
    expect(hint?.['zh-CN']).toMatch(/\p{Script=Han}{3}/u)
    expect(hint?.['zh-CN']).toMatch(/。$/)
  })

  test('an unknown rule has none, and inherited names are no rules', () => {
    expect(hintOf('never_heard_of')).toBeNull()
    expect(hintOf('constructor')).toBeNull()
  })

  test('answers are told from refusals', () => {
    expect(['code_issued', 'token_issued', 'user_info_answered', 'person_needed'].every(isAnswered)).toBe(true)
    expect(['code_replayed', 'login_required', 'server_failed', 'user_refused'].some(isAnswered)).toBe(false)
  })
})
