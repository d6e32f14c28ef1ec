// What tests need of PostgreSQL: an empty database of their own on the one server of this run.

import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { Client } from 'pg'
import { inject } from 'vitest'

/** The address of the server's `postgres` database; starts the server when nobody has asked before. */
export async function postgresUrl(): Promise<string> {
  const socket = connect(inject('postgresDoor'), '127.0.0.1')
  const answer = JSON.parse(await text(socket)) as { url?: string; error?: string }
  if (answer.url === undefined) throw new Error(answer.error)
  return answer.url
}

export interface FreshDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** An empty database; `drop` also ends the connections that are still open. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = await postgresUrl()
  const name = `lingpai_test_${randomBytes(6).toString('hex')}`
  await runOn(server, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => runOn(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

export async function runOn(url: string, sql: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
