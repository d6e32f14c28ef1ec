// The one SQL text and its positions.

import { describe, expect, test } from 'vitest'
import { binder, compile, onlyReads, statement } from '../../../src/store/database/driver.ts'

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

describe('what only reads', () => {
  test.each([
    ['SELECT 1', true],
    [' -- INSERT\n  select updated_at FROM "update" u', true],
    ["WITH a AS (SELECT 'DELETE') SELECT replace(a, 'x', 'y') FROM a", true],
    ['(SELECT 1) UNION (SELECT 2)', true],
    ['VALUES (1)', true],
    ['EXPLAIN SELECT 1', true],
    ['EXPLAIN ANALYZE EXECUTE of_somebody', false],
    ['SELECT 1 /* INTO */ -- MERGE', true],
    ['INSERT INTO a VALUES (1)', false],
    ['/* SELECT */ UPDATE a SET b = 1 RETURNING b', false],
    ['with a AS (SELECT 1) delete from b', false],
    ['WITH a AS (INSERT INTO b VALUES (1) RETURNING c) SELECT c FROM a', false],
    ['WITH a AS (SELECT 1) REPLACE INTO b SELECT * FROM a', false],
    ["WITH a AS (SELECT E'\\''), b AS (DELETE FROM c WHERE d = '' RETURNING 1) SELECT 1", false],
    ['EXPLAIN ANALYSE EXECUTE of_somebody', false],
    ['SELECT 1 INTO b', false],
    ['SELECT 1 FOR UPDATE', false],
    ['PRAGMA user_version = 3', false],
    ['DROP TABLE a', false],
    ['VACUUM', false],
    ['BEGIN', false],
    ['', false],
  ])('%j: %s', (sql, expected) => {
    expect(onlyReads({ sql })).toBe(expected)
  })
})
