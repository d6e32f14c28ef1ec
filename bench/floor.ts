// The floor: the least code that does each operation honestly on bare node:http. It parses, hashes once, runs prepared
// SQLite statements, signs once where a signature is due, and answers only after a durable commit that several requests
// share. Nothing is checked that these operations do not need: no server can be both right and faster than this.

import { createHmac, createSecretKey, generateKeyPairSync, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { signBytes } from '../src/issuer/keys/algorithms.ts'
import { OURS } from './measuring/operations.ts'
import { report } from './measuring/reporting.ts'

const folder = mkdtempSync(join(tmpdir(), 'lingpai-floor-'))
const database = new DatabaseSync(join(folder, 'floor.sqlite'))
database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL')
database.exec(`
  CREATE TABLE code (hash BLOB PRIMARY KEY, client TEXT, scope TEXT, expires INTEGER) WITHOUT ROWID;
  CREATE TABLE access (hash BLOB PRIMARY KEY, client TEXT, scope TEXT, expires INTEGER) WITHOUT ROWID;
  CREATE TABLE refresh (hash BLOB PRIMARY KEY, client TEXT, scope TEXT, expires INTEGER, used INTEGER) WITHOUT ROWID;
`)
const reader = new DatabaseSync(join(folder, 'floor.sqlite'), { readOnly: true })
const insertCode = database.prepare('INSERT INTO code VALUES (?, ?, ?, ?)')
const takeCode = database.prepare('DELETE FROM code WHERE hash = ? RETURNING client, scope, expires')
const insertAccess = database.prepare('INSERT INTO access VALUES (?, ?, ?, ?)')
const findAccess = reader.prepare('SELECT client, scope, expires FROM access WHERE hash = ?')
const insertRefresh = database.prepare('INSERT INTO refresh VALUES (?, ?, ?, ?, 0)')
const rotate = database.prepare(
  'UPDATE refresh SET used = 1 WHERE hash = ? AND used = 0 RETURNING client, scope, expires',
)

interface Found {
  readonly client: string
  readonly scope: string
  readonly expires: number
}

const waiting: { readonly run: () => void; readonly done: () => void }[] = []

/** Everything that arrives in one turn of the event loop shares one commit. */
function durable(run: () => void, done: () => void): void {
  if (waiting.push({ run, done }) === 1) setImmediate(flush)
}

function flush(): void {
  const batch = waiting.splice(0)
  database.exec('BEGIN IMMEDIATE')
  for (const { run } of batch) run()
  database.exec('COMMIT')
  for (const { done } of batch) done()
}

const secret = 'bench-secret-that-guards-nothing-at-all'
const key = createSecretKey(randomBytes(32))
const kept = createHmac('sha256', key).update(secret).digest()
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const sessionSecret = 'B'.repeat(43)
const sessionHash = hash('sha256', sessionSecret, 'hex')

const header = (algorithm: string) =>
  Buffer.from(JSON.stringify({ alg: algorithm, typ: 'JWT', kid: 'floor' })).toString('base64url')
const accessHeader = Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"floor"}').toString('base64url')
const headers = { es256: header('ES256'), rs256: header('RS256') }

function idToken(client: string, now: number): string {
  const payload = {
    iss: issuer,
    sub: 'bench-user',
    aud: client,
    iat: now,
    exp: now + 3600,
    auth_time: now,
    amr: ['pwd'],
  }
  return signed(client === 'rs256' ? 'RS256' : 'ES256', headers[client === 'rs256' ? 'rs256' : 'es256'], payload)
}

/** Signs in the same way as the server: other ways of calling node:crypto take twice as long. */
function signed(algorithm: 'ES256' | 'RS256', head: string, payload: object): string {
  const text = `${head}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`
  const signature = signBytes(algorithm, Buffer.from(text, 'latin1'), algorithm === 'RS256' ? rsa : ec)
  return `${text}.${signature.toString('base64url')}`
}

/** RFC 9068. */
function accessJwt(client: string, scope: string, aud: string, now: number): string {
  const payload = {
    iss: issuer,
    sub: client,
    aud,
    client_id: client,
    scope,
    iat: now,
    exp: now + 3600,
    jti: newToken(),
  }
  return signed('ES256', accessHeader, payload)
}

const newToken = () => randomBytes(32).toString('base64url')
const digest = (text: string) => hash('sha256', text, 'buffer')

function answer(res: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  res.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(text),
  })
  res.end(text)
}

function authenticated(req: IncomingMessage): string | null {
  const [client = '', presented = ''] = Buffer.from(req.headers.authorization?.slice(6) ?? '', 'base64')
    .toString()
    .split(':')
  return timingSafeEqual(createHmac('sha256', key).update(presented).digest(), kept) ? client : null
}

function tokens(
  res: ServerResponse,
  client: string,
  scope: string,
  now: number,
  withRefresh: boolean,
  resource: string | null,
): { write(): void; send(): void } {
  const access = resource === null ? newToken() : accessJwt(client, scope, resource, now)
  const refresh = newToken()
  return {
    write() {
      insertAccess.run(digest(access), client, scope, now + 3600)
      if (withRefresh) insertRefresh.run(digest(refresh), client, scope, now + 86_400)
    },
    send() {
      answer(res, 200, {
        access_token: access,
        token_type: 'Bearer',
        expires_in: 3600,
        ...(withRefresh && { refresh_token: refresh }),
        scope,
        ...(scope.includes('openid') && { id_token: idToken(client, now) }),
      })
    },
  }
}

function token(req: IncomingMessage, res: ServerResponse, body: string): void {
  const form = new URLSearchParams(body)
  const client = authenticated(req)
  const now = Math.floor(Date.now() / 1000)
  if (client === null) {
    answer(res, 401, { error: 'invalid_client' })
    return
  }
  const type = form.get('grant_type')
  if (type === 'client_credentials') {
    const made = tokens(res, client, 'api', now, false, form.get('resource'))
    durable(made.write, made.send)
    return
  }
  const presented = digest(form.get(type === 'refresh_token' ? 'refresh_token' : 'code') ?? '')
  let made: ReturnType<typeof tokens> | null = null
  durable(
    () => {
      const found = (type === 'refresh_token' ? rotate : takeCode).get(presented) as Found | undefined
      if (found === undefined || found.client !== client || found.expires <= now) return
      made = tokens(res, client, found.scope, now, true, null)
      made.write()
    },
    () => (made === null ? answer(res, 400, { error: 'invalid_grant' }) : made.send()),
  )
}

const metadata = () =>
  JSON.stringify({ issuer, authorization_endpoint: `${issuer}/sso/authorize`, token_endpoint: `${issuer}/sso/token` })

function get(req: IncomingMessage, res: ServerResponse, path: string, query: string): void {
  const now = Math.floor(Date.now() / 1000)
  if (path === '/.well-known/openid-configuration') {
    const text = metadata()
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length })
    res.end(text)
  } else if (path === '/sso/userinfo') {
    const found = findAccess.get(digest(req.headers.authorization?.slice(7) ?? '')) as Found | undefined
    if (found === undefined || found.expires <= now) answer(res, 401, { error: 'invalid_token' })
    else answer(res, 200, { sub: 'bench-user', name: 'Bench' })
  } else if (path === '/sso/authorize') {
    const asked = new URLSearchParams(query)
    const cookie = /lingpai-session=([^;]*)/.exec(req.headers.cookie ?? '')?.[1] ?? ''
    const code = newToken()
    if (hash('sha256', cookie, 'hex') !== sessionHash) answer(res, 401, { error: 'login_required' })
    else {
      durable(
        () => insertCode.run(digest(code), asked.get('client_id') ?? '', asked.get('scope') ?? '', now + 60),
        () => {
          res.writeHead(302, { location: `${asked.get('redirect_uri')}?code=${code}&state=${asked.get('state')}` })
          res.end()
        },
      )
    }
  } else answer(res, 404, { error: 'not_found' })
}

const server = createServer((req, res) => {
  const [path = '', query = ''] = (req.url ?? '').split('?')
  if (req.method === 'GET') {
    get(req, res, path, query)
    return
  }
  let body = ''
  req.on('data', (part: Buffer) => {
    body += part.toString('latin1')
  })
  req.on('end', () => {
    if (path !== '/sso/introspect') token(req, res, body)
    else if (authenticated(req) === null) answer(res, 401, { error: 'invalid_client' })
    else {
      const found = findAccess.get(digest(new URLSearchParams(body).get('token') ?? '')) as Found | undefined
      answer(
        res,
        200,
        found === undefined
          ? { active: false }
          : { active: true, client_id: found.client, scope: found.scope, exp: found.expires, sub: 'bench-user' },
      )
    }
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

report({ issuer, secret, cookie: `lingpai-session=${sessionSecret}`, paths: OURS, lacks: [] }, () => {
  rmSync(folder, { recursive: true, force: true })
})
