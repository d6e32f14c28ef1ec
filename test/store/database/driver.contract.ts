// What every database must promise: one suite, run against each driver.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  ConstraintViolated,
  type Driver,
  type Statement,
  StoreUnavailable,
  statement,
  step,
} from '../../../src/store/database/driver.ts'
import { startChild } from './driver.child-process.ts'
import {
  consumeToken,
  deleteOddly,
  findNote,
  findThing,
  findToken,
  insertNote,
  insertToken,
  listTokens,
  measureThings,
  putThing,
  type Thing,
  tables,
  takeToken,
} from './driver.tables.ts'

export interface Place {
  readonly kind: 'sqlite' | 'postgres'
  /** The file or URL another process opens; absent when no other process can. */
  readonly address?: string
  open(): Promise<Driver>
  remove(): Promise<void>
}

export function describeDriver(name: string, prepare: () => Promise<Place>, shared = true): void {
  describe(name, () => {
    let place: Place
    let driver: Driver
    let count = 0
    const newName = () => `t${++count}`
    const newToken = async () => {
      const token_id = newName()
      await driver.atomic([step(insertToken, { token_id, owner: '张三' })])
      return token_id
    }
    const exists = async (token_id: string) => (await driver.rows(findToken, { token_id })).length === 1

    beforeAll(async () => {
      place = await prepare()
      driver = await place.open()
      await driver.script(tables(driver.dialect))
    })
    beforeEach(() => expect(driver.dialect).toBe(place.kind))
    afterAll(async () => {
      await driver?.close()
      await place?.remove()
    })

    describe('rows', () => {
      test('gives the rows of a SELECT, and none where there are none', async () => {
        const token_id = await newToken()
        expect(await driver.rows(findToken, { token_id })).toEqual([{ token_id, owner: '张三', consumed_at: null }])
        expect(await driver.rows(findToken, { token_id: 'absent' })).toEqual([])
      })

      test.each<[string, Partial<Thing>]>([
        ['null', {}],
        ['empty text', { words: '' }],
        ['Chinese text and emoji', { words: "令牌 ‘引号’ 'quote' 🀄 \n\t :name $1 ?1" }],
        ['zero', { size: 0 }],
        ['an instant beyond 32 bits', { size: 4_102_444_800 }],
        ['the largest safe integer', { size: Number.MAX_SAFE_INTEGER }],
        ['the smallest safe integer', { size: Number.MIN_SAFE_INTEGER }],
        ['32 bytes', { bytes: Uint8Array.from({ length: 32 }, (_, at) => (at * 37) % 256) }],
        ['no bytes', { bytes: new Uint8Array() }],
        ['a view into larger bytes', { bytes: new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4) }],
      ])('keeps %s as it is', async (_, part) => {
        const thing: Thing = { thing_id: newName(), words: null, size: null, bytes: null, ...part }
        const stored = await driver.atomic([step(putThing, thing)])
        expect(stored).toEqual({ held: true, rows: [[thing]] })
        expect(await driver.rows(findThing, { thing_id: thing.thing_id })).toEqual([thing])
      })

      test('gives plain Uint8Array, so that both databases behave alike', async () => {
        const thing_id = newName()
        await driver.atomic([step(putThing, { thing_id, words: null, size: null, bytes: Buffer.from('abc') })])
        const [found] = await driver.rows(findThing, { thing_id })
        expect(found?.bytes?.constructor).toBe(Uint8Array)
      })

      test('gives counts, sums and flags as numbers', async () => {
        await driver.atomic([step(putThing, { thing_id: newName(), words: null, size: 3, bytes: null })])
        const [found] = await driver.rows(measureThings, {})
        expect(found).toEqual({ many: expect.any(Number), total: expect.any(Number), any_left: 1 })
      })

      test('refuses an integer that a number cannot hold, instead of rounding it', async () => {
        const large = statement<object, { value: number }>('large', 'SELECT CAST(9007199254740993 AS BIGINT) AS value')
        await expect(driver.rows(large, {})).rejects.toThrow(RangeError)
        const fits = statement<object, { value: number }>('fits', 'SELECT CAST(9007199254740991 AS BIGINT) AS value')
        expect(await driver.rows(fits, {})).toEqual([{ value: Number.MAX_SAFE_INTEGER }])
      })

      test('refuses a name without a value, instead of reading NULL', async () => {
        await expect(driver.rows(findToken, {} as { token_id: string })).rejects.toThrow(/:token_id/)
      })

      test.each<[string, (token_id: string) => [Statement, object]]>([
        ['an UPDATE that returns', (token_id) => [consumeToken, { token_id, now: 1 }]],
        ['a change', (token_id) => [takeToken, { token_id, now: 1 }]],
        ['an INSERT', () => [insertToken, { token_id: 'never', owner: 'x' }]],
        ['a DELETE behind a WITH and a comment', (token_id) => [deleteOddly, { token_id }]],
      ])('refuses %s, and nothing has changed', async (_, passed) => {
        const token_id = await newToken()
        const [of, bind] = passed(token_id)
        // Also beside reads that share a state of the database, and once a list has prepared it.
        for (let turn = 0; turn < 3; turn++) {
          const beside = Promise.all(Array.from({ length: 6 }, () => exists(token_id)))
          await expect(driver.rows(of, bind)).rejects.toThrow(`statement ${of.name} does more than read`)
          await expect(driver.rows(of, bind)).rejects.toThrow(TypeError)
          expect(await beside).toEqual(Array(6).fill(true))
        }
        expect(await exists('never')).toBe(false)
        expect(await driver.rows(findToken, { token_id })).toEqual([{ token_id, owner: '张三', consumed_at: null }])
        const other = await newToken()
        const taken = step(of, of === insertToken ? { token_id: newName(), owner: 'x' } : { ...bind, token_id: other })
        expect(await driver.atomic([taken])).toMatchObject({ held: true })
        await expect(driver.rows(of, bind)).rejects.toThrow(TypeError)
        expect(await exists(token_id)).toBe(true)
      })

      test('does not hide a mistake in the text of a statement as an outage', async () => {
        const wrong = statement<object>('wrong', 'SELECT absent FROM nowhere')
        await expect(driver.rows(wrong, {})).rejects.toThrow(/nowhere/)
        await expect(driver.rows(wrong, {})).rejects.not.toThrow(StoreUnavailable)
        expect(await driver.rows(findToken, { token_id: 'absent' })).toEqual([])
      })

      test('answers many reads at once, each with its own rows', async () => {
        const ids = await Promise.all(Array.from({ length: 40 }, newToken))
        const found = await Promise.all(ids.map((token_id) => driver.rows(findToken, { token_id })))
        expect(found.map((rows) => rows[0]?.token_id)).toEqual(ids)
      })
    })

    describe('reads asked beside one another', () => {
      test('are each answered by themselves, whatever becomes of the others', async () => {
        const token_id = await newToken()
        const wrong = statement<object>('wrong_beside', 'SELECT absent FROM nowhere')
        const large = statement<object>('large_beside', 'SELECT CAST(9007199254740993 AS BIGINT) AS value')
        const find = () => driver.rows(findToken, { token_id })
        const results = await Promise.allSettled([
          find(),
          driver.rows(wrong, {}),
          ...Array.from({ length: 10 }, find),
          driver.rows(large, {}),
          find(),
        ])
        const found = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
        expect(found).toHaveLength(12)
        for (const rows of found) expect(rows).toEqual([{ token_id, owner: '张三', consumed_at: null }])
        expect(results[1]).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/nowhere/) } })
        expect(results[12]).toMatchObject({ status: 'rejected', reason: { name: 'RangeError' } })
      })

      test('see what was committed before they were asked, also while lists are under way', async () => {
        const ids = Array.from({ length: 30 }, newName)
        const seen = await Promise.all(
          ids.map(async (token_id) => {
            expect((await driver.atomic([step(insertToken, { token_id, owner: '张三' })])).held).toBe(true)
            return exists(token_id)
          }),
        )
        expect(seen).toEqual(Array(30).fill(true))
      })
    })

    describe('atomic', () => {
      test('holds an empty list', async () => {
        expect(await driver.atomic([])).toEqual({ held: true, rows: [] })
      })

      test('gives the rows of RETURNING and SELECT, and none for plain changes', async () => {
        const token_id = newName()
        const result = await driver.atomic([
          step(insertToken, { token_id, owner: '李四' }),
          step(consumeToken, { token_id, now: 7 }),
          step(findToken, { token_id }),
        ])
        const consumed = { owner: '李四', consumed_at: 7 }
        expect(result).toEqual({ held: true, rows: [[], [consumed], [{ token_id, ...consumed }]] })
      })

      test('hands out no rows of a guard that holds, alone or among others, however many it has', async () => {
        const token_id = await newToken()
        await newToken()
        const alone = await driver.atomic([step(consumeToken, { token_id, now: 8 }, 'unused')])
        expect(alone).toEqual({ held: true, rows: [[]] })
        const listed = await driver.atomic([
          step(findToken, { token_id }, 'exists'),
          step(listTokens, {}, 'any'),
          step(findToken, { token_id }),
        ])
        expect(listed).toEqual({ held: true, rows: [[], [], [{ token_id, owner: '张三', consumed_at: 8 }]] })
      })

      test('names a single guard that yields no row', async () => {
        const guarded = step(consumeToken, { token_id: 'absent', now: 1 }, 'unused')
        expect(await driver.atomic([guarded])).toEqual({ held: false, guard: 'unused' })
      })

      test('names the guard that failed among several, and undoes what came before and after it', async () => {
        const token_id = await newToken()
        const before = newName()
        const after = newName()
        const result = await driver.atomic([
          step(insertToken, { token_id: before, owner: '张三' }),
          step(consumeToken, { token_id, now: 1 }, 'unused'),
          step(findToken, { token_id: 'absent' }, 'second'),
          step(findToken, { token_id: 'absent too' }, 'third'),
          step(insertToken, { token_id: after, owner: '张三' }),
        ])
        expect(result).toEqual({ held: false, guard: 'second' })
        expect([await exists(before), await exists(after)]).toEqual([false, false])
        expect(await driver.rows(findToken, { token_id })).toEqual([{ token_id, owner: '张三', consumed_at: null }])
      })

      test('a change is a guard by what it changed, alone and among others', async () => {
        const one = await newToken()
        expect(await driver.atomic([step(takeToken, { token_id: one, now: 5 }, 'once')])).toMatchObject({ held: true })
        expect(await driver.rows(findToken, { token_id: one })).toMatchObject([{ consumed_at: 5 }])
        const again = await driver.atomic([step(takeToken, { token_id: one, now: 6 }, 'once')])
        expect(again).toEqual({ held: false, guard: 'once' })
        expect(await driver.rows(findToken, { token_id: one })).toMatchObject([{ consumed_at: 5 }])

        const other = await newToken()
        const note_id = newName()
        const list = (token_id: string) => [
          step(insertNote, { note_id, kind: null, label: null, token_id }),
          step(takeToken, { token_id, now: 7 }, 'once'),
        ]
        expect(await driver.atomic(list(one))).toEqual({ held: false, guard: 'once' })
        expect(await driver.rows(findNote, { note_id })).toEqual([])
        expect(await driver.atomic(list(other))).toMatchObject({ held: true })
        expect(await driver.rows(findNote, { note_id })).toHaveLength(1)
        expect(await driver.rows(findToken, { token_id: other })).toMatchObject([{ consumed_at: 7 }])
      })

      test('holds when all of several guards yield a row', async () => {
        const token_id = await newToken()
        const other = await newToken()
        const result = await driver.atomic([
          step(consumeToken, { token_id, now: 1 }, 'first'),
          step(consumeToken, { token_id: other, now: 1 }, 'second'),
        ])
        expect(result.held).toBe(true)
      })

      test('undoes a list that a mistake in a later statement breaks, and works on', async () => {
        const token_id = newName()
        const wrong = statement<object>('wrong_step', 'INSERT INTO nowhere (a) VALUES (1)')
        await expect(driver.atomic([step(insertToken, { token_id, owner: '张三' }), step(wrong, {})])).rejects.toThrow(
          /nowhere/,
        )
        expect(await exists(token_id)).toBe(false)
        await driver.atomic([step(insertToken, { token_id, owner: '张三' })])
        expect(await exists(token_id)).toBe(true)
      })

      test('undoes nothing and commits nothing when a value is missing', async () => {
        const token_id = newName()
        const broken = step(insertToken, { token_id: newName() } as { token_id: string; owner: string })
        await expect(driver.atomic([step(insertToken, { token_id, owner: '张三' }), broken])).rejects.toThrow(/:owner/)
        expect(await exists(token_id)).toBe(false)
      })

      test('of fifty concurrent consumes exactly one holds, and all others name the guard', async () => {
        const token_id = await newToken()
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, at) =>
            driver.atomic([
              step(consumeToken, { token_id, now: at }, 'unused'),
              step(insertNote, { note_id: `${token_id}-${at}`, kind: null, label: null, token_id }),
            ]),
          ),
        )
        expect(results.filter((result) => result.held)).toHaveLength(1)
        expect(results.filter((result) => !result.held && result.guard === 'unused')).toHaveLength(49)
        const notes = await Promise.all(results.map((_, at) => driver.rows(findNote, { note_id: `${token_id}-${at}` })))
        expect(notes.map((found) => found.length)).toEqual(results.map((result) => (result.held ? 1 : 0)))
      })
    })

    describe('constraints', () => {
      const note = (part: Partial<Parameters<typeof insertNoteStep>[0]>) =>
        insertNoteStep({ note_id: newName(), ...part })

      test('names a unique constraint by table and columns', async () => {
        const pair = { kind: newName(), label: 'a' }
        await driver.atomic([note(pair)])
        await expect(driver.atomic([note(pair)])).rejects.toMatchObject({ constraint: 'note_kind_label' })
        await expect(driver.atomic([note({ ...pair, label: 'b' })])).resolves.toMatchObject({ held: true })
      })

      test('names a primary key the same way, alone or in a list', async () => {
        const token_id = await newToken()
        const again = step(insertToken, { token_id, owner: '张三' })
        await expect(driver.atomic([again])).rejects.toMatchObject({ constraint: 'token_token_id' })
        const listed = driver.atomic([step(findToken, { token_id }, 'exists'), again])
        await expect(listed).rejects.toMatchObject({ constraint: 'token_token_id' })
        await expect(listed).rejects.toBeInstanceOf(ConstraintViolated)
      })

      test('refuses a reference to nothing, and a value that a check forbids', async () => {
        await expect(driver.atomic([note({ token_id: 'absent' })])).rejects.toBeInstanceOf(ConstraintViolated)
        await expect(driver.atomic([note({ token_id: await newToken() })])).resolves.toMatchObject({ held: true })
        const nobody = step(insertToken, { token_id: newName(), owner: 'nobody' })
        await expect(driver.atomic([nobody])).rejects.toMatchObject({ constraint: 'token_owner' })
      })

      test('a constraint or guard that refuses one list leaves its neighbours alone', async () => {
        const taken = await newToken()
        const names = Array.from({ length: 6 }, newName)
        const lists = names.map((token_id, at) => {
          const insert = step(insertToken, { token_id, owner: '张三' })
          if (at === 1) return [insert, step(insertToken, { token_id: taken, owner: '张三' })]
          if (at === 3) return [insert, step(findToken, { token_id: 'absent' }, 'exists')]
          return [insert]
        })
        const results = await Promise.allSettled(lists.map((list) => driver.atomic(list)))
        expect(results.map((result) => result.status === 'fulfilled' && result.value.held)).toEqual([
          true,
          false,
          true,
          false,
          true,
          true,
        ])
        expect(results[1]).toMatchObject({ status: 'rejected', reason: { constraint: 'token_token_id' } })
        expect(await Promise.all(names.map(exists))).toEqual([true, false, true, false, true, true])
      })
    })

    describe('script', () => {
      test('runs several statements, all or none', async () => {
        const [one, two] = [newName(), newName()]
        const insert = (id: string) => `INSERT INTO token (token_id, owner) VALUES ('${id}', 'a;b');`
        await expect(driver.script(`${insert(one)} INSERT INTO nowhere VALUES (1);`)).rejects.toThrow(/nowhere/)
        expect(await exists(one)).toBe(false)
        await driver.script(`${insert(one)}\n${insert(two)}`)
        expect([await exists(one), await exists(two)]).toEqual([true, true])
      })

      test('lets statements prepared before see the new shape of a table', async () => {
        await driver.script('CREATE TABLE shape (a BIGINT); INSERT INTO shape VALUES (1)')
        const all = statement<object, { a: number; b?: string }>('shape_all', 'SELECT * FROM shape')
        const guarded = () => driver.atomic([step(all, {}, 'some'), step(all, {})])
        expect(await driver.rows(all, {})).toEqual([{ a: 1 }])
        expect(await guarded()).toEqual({ held: true, rows: [[], [{ a: 1 }]] })
        await driver.script(`ALTER TABLE shape ADD COLUMN b TEXT DEFAULT 'x'`)
        expect(await driver.rows(all, {})).toEqual([{ a: 1, b: 'x' }])
        expect(await guarded()).toEqual({ held: true, rows: [[], [{ a: 1, b: 'x' }]] })
      })
    })

    describe('close', () => {
      test('finishes what was asked before, and refuses what comes after', async () => {
        const other = await place.open()
        if (place.address === undefined) await other.script(tables(other.dialect))
        const token_id = newName()
        const asked = other.atomic([step(insertToken, { token_id, owner: '张三' })])
        const read = other.rows(findToken, { token_id: 'absent' })
        await Promise.all([other.close(), other.close()])
        expect(await asked).toEqual({ held: true, rows: [[]] })
        expect(await read).toEqual([])
        await expect(other.atomic([step(insertToken, { token_id, owner: '张三' })])).rejects.toBeInstanceOf(
          StoreUnavailable,
        )
        await expect(other.rows(findToken, { token_id })).rejects.toBeInstanceOf(StoreUnavailable)
        if (place.address !== undefined) expect(await exists(token_id)).toBe(true)
      })
    })

    // A database in memory has no other process beside it.
    if (shared)
      describe('beside another process', () => {
        let kind = ''
        let address = ''
        beforeAll(() => {
          kind = place.kind
          address = place.address ?? ''
        })

        test('of fifty consumes from two processes exactly one holds', async () => {
          const token_id = await newToken()
          const child = startChild('consume', kind, address, token_id)
          expect(await child.say()).toBe('ready')
          child.go()
          const mine = await Promise.all(
            Array.from({ length: 25 }, () => driver.atomic([step(consumeToken, { token_id, now: 5 }, 'unused')])),
          )
          const theirs = Number(await child.say())
          expect(mine.filter((result) => result.held).length + theirs).toBe(1)
          await child.ended
        })

        test('waits for another writer without failing, and never stops the event loop meanwhile', async () => {
          const child = startChild('hold', kind, address, '300')
          expect(await child.say()).toBe('holding')
          const started = performance.now()
          let ticks = 0
          const ticking = setInterval(() => ticks++, 5)
          const token_id = newName()
          const writing = driver.atomic([step(insertToken, { token_id, owner: '张三' })])
          expect(await exists(token_id)).toBe(false)
          expect((await writing).held).toBe(true)
          clearInterval(ticking)
          expect(performance.now() - started).toBeGreaterThan(200)
          // An event loop that stood still would have been seen by one tick, or by one each time that it was tried again.
          expect(ticks).toBeGreaterThan(8)
          expect(await exists(token_id)).toBe(true)
          await child.ended
        })

        test('keeps a row whose writer was killed right after its answer', async () => {
          const token_id = newName()
          const child = startChild('write', kind, address, token_id)
          expect(await child.say()).toBe('written')
          await child.kill()
          expect(await driver.rows(findToken, { token_id })).toEqual([{ token_id, owner: '持久', consumed_at: null }])
        })
      })
  })
}

function insertNoteStep(note: { note_id: string; kind?: string; label?: string; token_id?: string }) {
  return step(insertNote, { kind: null, label: null, token_id: null, ...note })
}
