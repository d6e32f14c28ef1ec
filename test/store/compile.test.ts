// The one SQL text and its positions.

import { describe, expect, test } from 'vitest'
import { binder, compile, statement } from '../../src/store/database/driver.ts'

describe('compile', () => {
  test.each([
    ['SELECT :a', 'SELECT $1', ['a']],
    ['SELECT :b, :a, :b', 'SELECT $1, $2, $1', ['b', 'a']],
    ['SELECT :a+:a_1', 'SELECT $1+$2', ['a', 'a_1']],
    ['SELECT CAST(:a AS BIGINT)', 'SELECT CAST($1 AS BIGINT)', ['a']],
    ["SELECT ':a', :b, 'it''s :c'", "SELECT ':a', $1, 'it''s :c'", ['b']],
    ['SELECT ":a", :b FROM "x"":c"', 'SELECT ":a", $1 FROM "x"":c"', ['b']],
    ["SELECT :a -- not :b, don't\n, :c", "SELECT $1 -- not :b, don't\n, $2", ['a', 'c']],
    ["SELECT :a /* not :b,\n don't */, :c", "SELECT $1 /* not :b,\n don't */, $2", ['a', 'c']],
    ['SELECT x::text, :a', 'SELECT x::text, $1', ['a']],
    ['SELECT 1', 'SELECT 1', []],
  ])('%s', (sql, text, names) => {
    expect(compile(sql, '$')).toEqual({ text, names })
    expect(compile(sql, '?')).toEqual({ text: text.replaceAll(/\$(\d)/g, '?$1'), names })
  })

  test('values follow the positions, and a missing or odd one is refused by name', () => {
    const of = statement('some', '')
    expect(binder(of, ['b', 'a'])({ a: 1, b: null, c: 'unused' })).toEqual([null, 1])
    expect(binder(of, [])({})).toEqual([])
    expect(() => binder(of, ['a'])({})).toThrow('statement some: no value for :a')
    expect(binder(of, ['a'])({ a: 2n ** 62n })).toEqual([2n ** 62n])
    for (const a of [true, Number.NaN, {}]) expect(() => binder(of, ['a'])({ a })).toThrow(/:a is neither/)
  })
})
