// Every statement finds its rows by an index, on both databases; those that may look at a whole table are listed, each
// with its reason.

import { readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { databaseTables } from '../../../scripts/reference/database.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { compile, type Statement } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { NO_INDEX_FOR_A_STATEMENT } from '../../../src/store/database/sqlite/connection.ts'
import { migrate, sectionsFor } from '../../../src/store/schema/migrate.ts'
import { migrations } from '../../../src/store/schema/migrations/index.ts'
import { TABLE_NOTES } from '../../../src/store/schema/notes.ts'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'

const folder = 'src/store/statements'
const modules = await Promise.all(
  readdirSync(folder).map(async (file) => (await import(`../../../${folder}/${file}`)) as Record<string, unknown>),
)
const isStatement = (value: unknown): value is Statement =>
  typeof value === 'object' && value !== null && 'sql' in value && 'name' in value
const statements = modules.flatMap((module) => Object.values(module).flat().filter(isStatement))

/** None of these is part of a request by a client application or a person signing in. */
const MAY_SCAN: Readonly<Record<string, string>> = {
  any_resource: 'asks for one row of a short table',
  count_users: 'set-up asks once whether there are few',
  delete_oldest_of_heaviest: 'weighs all open sign-ins, which are bounded, when there are too many',
  delete_tickets_of_purpose: 'a new link replaces the former ones; there are a handful',
  list_client_origins: 'a frame that does not say where it is gets the origins, while they are few',
  list_client_ids: 'the trace learns the ids of clients at most once a minute, from an index',
  list_clients: 'an operator lists clients',
  list_deliveries: 'an operator lists logout calls',
  list_events: 'an operator lists the newest events, by an index from its end',
  list_imports: 'imports under way: a handful',
  list_key_sightings: 'an operator, and a key that waits for clients, ask when each was last seen',
  list_open_imports: 'imports under way: a handful',
  list_resources: 'an operator lists resources, and the account page of somebody who let an application use one',
  list_signing_keys: 'a handful, read into memory',
  list_traces: 'an operator lists the newest traces, by an index from its end',
  measure_interactions: 'one in two hundred new sign-ins adds up the open ones, which are bounded',
  more_may_register: 'one that registers itself is counted among the others, which are bounded',
  prune_key_fetch_of_strangers: 'keeps the newest of a bounded table',
  prune_traces: 'keeps the newest of a bounded table',
  resend_deliveries: 'an operator sends logout calls again',
  summarize_deliveries: 'an operator looks at logout calls',
}
const listed = (found: string) => Object.hasOwn(MAY_SCAN, found.split(':')[0] ?? '')

let database: FreshDatabase
let client: Client
let isOld = false
beforeAll(async () => {
  database = await freshDatabase()
  const driver = await openPostgres({ url: database.url })
  await migrate(driver, migrations, { clock: systemClock() })
  await driver.close()
  client = new Client(database.url)
  await client.connect()
  const { rows } = await client.query<{ version: string }>(`SELECT current_setting('server_version_num') AS version`)
  isOld = Number(rows[0]?.version) < 140_000
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

/** As a server opens one. */
function emptySqlite(): DatabaseSync {
  const sqlite = new DatabaseSync(':memory:')
  for (const { sql } of migrations) sqlite.exec(sectionsFor(sql, 'sqlite'))
  sqlite.exec(NO_INDEX_FOR_A_STATEMENT)
  return sqlite
}

function scansOnSqlite(sqlite: DatabaseSync, { sql }: Statement): readonly string[] {
  const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${compile(sql, '?').text}`).all()
  // `SCAN x USING INDEX` reads an index from end to end: that grows too. A row made on the spot does not.
  return plan
    .map(({ detail }) => String(detail))
    .filter((detail) => /^SCAN (?!CONSTANT ROW|(?:o|t|hop)$|\(|weighed|ranked)/.test(detail))
}

/** Before 14 the plan shows both ways to an EXISTS, by an index and by a scan, and the cheaper is chosen when it is run. */
function isOtherWay(scan: string, plan: readonly string[]): boolean {
  const [, table = ''] = /Seq Scan on (\w+) \w+_\d+ /.exec(scan) ?? []
  return table !== '' && plan.some((line) => new RegExp(`Index (Only )?Scan using \\w+ on ${table} `).test(line))
}

async function scansOnPostgres({ sql }: Statement): Promise<readonly string[]> {
  const { text, names } = compile(sql, '$')
  await client.query('SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan')
  await client.query(`PREPARE looked_at AS ${text}`)
  try {
    const values = names.length === 0 ? '' : `(${names.map(() => 'NULL').join(', ')})`
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE looked_at${values}`)
    const lines = rows.map((row) => row['QUERY PLAN'].trim())
    // Where an index serves, it is taken: a scan is what is left when none does.
    return lines.filter((line) => /Seq Scan on/.test(line) && !(isOld && isOtherWay(line, lines)))
  } finally {
    await client.query('DEALLOCATE looked_at')
  }
}

test('SQLite looks at a whole table only where that is listed', () => {
  const sqlite = emptySqlite()
  const found = statements.flatMap((each) => scansOnSqlite(sqlite, each).map((scan) => `${each.name}: ${scan}`))
  sqlite.close()
  expect(found.length).toBeGreaterThan(3)
  expect(found.filter((each) => !listed(each))).toEqual([])
})

test('what a request asks of clients, grants, sessions and consents is one look-up each on SQLite', () => {
  const sqlite = emptySqlite()
  // What operators do, clients that register, sign-out, what a person has let in, and the one read of a new version.
  const whole =
    /^(read_client|(set|update|remove|return|reseal)_client.*|insert_client_origin|find_registration|list_unused_registrations|list_consents_with_clients|tell_of_(user|session|other_sessions))$/
  const looked: string[] = []
  for (const { name, sql } of statements) {
    for (const { detail } of sqlite.prepare(`EXPLAIN QUERY PLAN ${compile(sql, '?').text}`).all()) {
      const [, alias = '', way] = /^SEARCH (c|gc|tc|client|g|s|k) USING (.*)$/.exec(String(detail)) ?? []
      if (way === undefined || whole.test(name)) continue
      // Those that find many rows go through another index.
      if (/\(client_id=\?|\(grant_id=|\(session_id=|\(user_id=\? AND client_id=/.test(way))
        looked.push(`${name} ${alias}: ${way}`)
    }
  }
  sqlite.close()
  expect(looked.length).toBeGreaterThan(20)
  expect(looked.filter((each) => !/COVERING INDEX|PRIMARY KEY/.test(each))).toEqual([])
})

test('tokens, grants, sessions and people are found by number on SQLite, and user info asks for no session', () => {
  const sqlite = emptySqlite()
  const plans = new Map(
    statements.map(({ name, sql }) => [
      name,
      sqlite
        .prepare(`EXPLAIN QUERY PLAN ${compile(sql, '?').text}`)
        .all()
        .map(({ detail }) => String(detail)),
    ]),
  )
  sqlite.close()
  const byNumber = 'USING INTEGER PRIMARY KEY (rowid'
  for (const name of ['find_access_token', 'find_client_with_token']) {
    const plan = plans.get(name)?.join('\n')
    expect(plan, name).toContain(`SEARCH t ${byNumber}>? AND rowid<?)`)
    expect(plan, name).toContain(`SEARCH u ${byNumber}=?) LEFT-JOIN`)
  }
  const ofFamilies = ['find_client_with_family', 'find_client_with_family_of_former', 'rotate_refresh_token']
  const ofGrants = [...ofFamilies, 'find_client_with_code', 'consume_code', 'find_access_token']
  for (const name of [...ofGrants, 'begin_refresh_family', 'revoke_grant']) {
    expect(plans.get(name)?.join('\n'), name).toContain(`SEARCH g ${byNumber}>? AND rowid<?)`)
  }
  const ofSessions = ['end_session', 'touch_session', 'find_clients_of_session']
  const withSessions = ofGrants.filter((name) => name !== 'find_access_token')
  for (const name of [...ofSessions, ...withSessions, 'insert_grant', 'tell_of_session']) {
    expect(plans.get(name)?.join('\n'), name).toContain(`SEARCH s ${byNumber}>? AND rowid<?)`)
  }
  for (const name of [...ofGrants, 'find_visit', 'find_visit_of_one', 'find_sessions', 'insert_grant']) {
    expect(plans.get(name)?.join('\n'), name).toMatch(/SEARCH u USING INTEGER PRIMARY KEY \(rowid=\?\)/)
  }
  expect(plans.get('find_access_token')?.filter((line) => line.startsWith('SEARCH s '))).toEqual([])
})

test('user info asks PostgreSQL for a grant only where single claims were asked for', async () => {
  const found = statements.find(({ name }) => name === 'find_access_token')
  await client.query('SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan')
  await client.query(`PREPARE looked_at AS ${compile(found?.sql ?? '', '$').text}`)
  const { rows } = await client.query<{ 'QUERY PLAN': string }>('EXPLAIN EXECUTE looked_at(NULL, NULL)')
  await client.query('DEALLOCATE looked_at')
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  expect(plan).toMatch(/Index Cond: \(grant_id = CASE WHEN \(t\.claims_place <> 0\)/)
})

test('PostgreSQL looks at a whole table only where that is listed', async () => {
  const found: string[] = []
  for (const each of statements) found.push(...(await scansOnPostgres(each)).map((scan) => `${each.name}: ${scan}`))
  expect(found.length).toBeGreaterThan(3)
  expect(found.filter((each) => !listed(each))).toEqual([])
})

test('the keys and indexes of PostgreSQL are those that the page of the database tells', async () => {
  const { rows } = await client.query<{ table: string; index: string; is_key: boolean; over: string }>(
    `SELECT t.relname AS table, i.relname AS index, x.indisprimary AS is_key,
       (SELECT string_agg(a.attname, ', ' ORDER BY array_position(CAST(x.indkey AS INT2[]), a.attnum)) FROM pg_attribute a
         WHERE a.attrelid = t.oid AND a.attnum = ANY (x.indkey)) AS over
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
     WHERE t.relnamespace = to_regnamespace(current_schema()) ORDER BY 1, 2`,
  )
  const told = databaseTables().flatMap(({ name, key, indexes, note: { postgres } }) => [
    `${name}: key ${postgres?.key ?? key.join(', ')}`,
    ...indexes.flatMap((index) => (postgres?.lacks.includes(index.name) ? [] : [`${name}: ${index.name}`])),
    ...Object.entries(postgres?.indexes ?? {}).map(([index]) => `${name}: ${index}`),
  ])
  const made = rows.map(({ table, index, is_key, over }) => `${table}: ${is_key ? `key ${over}` : index}`)
  expect(made.toSorted()).toEqual(told.toSorted())
})

test('whoever is listed exists', () => {
  const names = new Set(statements.map(({ name }) => name))
  expect(Object.keys(MAY_SCAN).filter((name) => !names.has(name))).toEqual([])
})

test('a table or index without a reason is refused, and a reason without a table or index', () => {
  expect(databaseTables().length).toBeGreaterThan(15)
  const { user, ...others } = TABLE_NOTES
  expect(() => databaseTables(others)).toThrow(/the table user has no note/)
  if (user === undefined) throw new Error('no note about users')
  const { user_phone, ...indexes } = user.indexes
  expect(() => databaseTables({ ...TABLE_NOTES, user: { ...user, indexes } })).toThrow(/user_phone has no reason/)
  expect(() => databaseTables({ ...TABLE_NOTES, nothing: { holds: '', indexes: {} } })).toThrow(
    /tables that are not there: nothing/,
  )
  const more = { ...user, indexes: { ...user.indexes, user_nothing: user_phone ?? '' } }
  expect(() => databaseTables({ ...TABLE_NOTES, user: more })).toThrow(/indexes that are not there: user_nothing/)
})
