// A Lingpai as the suite wants it: a data folder of its own with the clients and the person of the plans, limits that a
// hundred sign-ins a minute do not meet, https by certificate files or behind a proxy on this machine.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addClient, listClients } from '../../src/administration/clients.ts'
import { addUser } from '../../src/administration/users.ts'
import { DATABASE_FILE, makeDataFolder } from '../../src/cli/installation.ts'
import { type AuthorizationServer, createAuthorizationServer } from '../../src/composition/authorization-server.ts'
import { loadMasterKey } from '../../src/credentials/master-key.ts'
import type { HttpReply, HttpRequest } from '../../src/http/message.ts'
import { listen } from '../../src/http/server/listen.ts'
import type { RegistrationRules } from '../../src/model/client/registration-policy.ts'
import { createLog } from '../../src/platform/log.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { DEFAULT_SUITE, type Facts, factsFrom, type Variables, WrongVariable } from '../facts.ts'
import { clientRequests } from './clients.ts'
import { personRequest } from './person.ts'

export interface Target {
  readonly facts: Facts
  readonly port: number
  /** For commands beside the running server, such as a rotation of its keys. */
  readonly data: string
  readonly server: AuthorizationServer
  close(): Promise<void>
}

const MANY = 100_000
const LIMITS = {
  guessing: { knownBrowserFailures: 1_000, networkFailures: 1_000, userFailures: MANY, addressFailures: MANY },
  interactions: { perBrowser: 1_000, perAddress: MANY },
}
/** Anybody may register, for every standard scope; the plans do without PKCE also for clients that keep no secret. */
const REGISTRATION: Partial<RegistrationRules> = {
  access: 'open',
  scope: 'openid profile email address phone offline_access',
  publicPkce: 'unprotected',
  requestObjectAlg: 'none',
  perAddress: MANY,
  most: MANY,
}
/** The FAPI 2.0 plans use a refresh token again after half a minute, as a client does that has lost the answer. */
const LIFETIMES = { refreshRepeat: 60 }
const SOCKETS = 4_096
const STARTING: HttpReply = { status: 503, headers: { 'retry-after': '1' }, body: '' }

export async function startTarget(variables: Variables): Promise<Target> {
  const facts = factsFrom(variables, variables['CONFORMANCE_SUITE'] || DEFAULT_SUITE)
  const tls = certificateFrom(variables)
  const port = portFrom(variables, facts, tls !== null)
  const log = createLog('warn', 'text')
  let handle: (request: HttpRequest) => Promise<HttpReply> = async () => STARTING
  // Without a certificate somebody on this machine must be the one who has it.
  const trustedProxies = tls === null ? ['127.0.0.1', '::1'] : []
  const socket = await listen({
    host: variables['CONFORMANCE_HOST'] || '127.0.0.1',
    port,
    ...(tls !== null && { tls }),
    handle: (request) => handle(request),
    trustedProxies,
    connectionsPerAddress: SOCKETS,
    log,
  })
  const kept = variables['CONFORMANCE_DATA']
  const data = kept || mkdtempSync(join(tmpdir(), 'lingpai-conformance-'))
  const discard = () => {
    if (!kept) rmSync(data, { recursive: true, force: true })
  }
  try {
    makeDataFolder(data)
    const file = join(data, DATABASE_FILE)
    const { master } = loadMasterKey({ dataFolder: data }, { create: !existsSync(file) })
    const database = await openSqlite({ file, log })
    const server = await createAuthorizationServer({
      issuer: facts.issuer,
      database,
      masterKey: master,
      limits: LIMITS,
      lifetimes: LIFETIMES,
      implicitAndHybrid: true,
      // What the plans try only where the metadata lists it.
      encryptedRequests: true,
      registration: REGISTRATION,
      frontChannelLogout: true,
      sessionManagement: true,
      unverifiedErrors: 'redirect',
      unsignedJwt: true,
      // A suite is at home here and is not public.
      outboundAllow: [hostOf(facts.suite)],
      // Its clients register themselves.
      outboundAllowStrangers: true,
      trustedProxies,
      acceptNewIssuer: true,
      log,
    })
    if ((await listClients(server.parts.store)).length === 0) {
      for (const request of clientRequests(facts)) await addClient(server.parts, request)
      await addUser(server.parts, personRequest(facts))
    }
    handle = server.handle
    return {
      facts,
      port: socket.port,
      data,
      server,
      async close() {
        await socket.close()
        await server.close()
        discard()
      },
    }
  } catch (error) {
    await socket.close()
    discard()
    throw error
  }
}

/** With its port, also where that is the one of https. */
function hostOf(address: string): string {
  const { hostname, port } = new URL(address)
  return `${hostname}:${port || 443}`
}

function certificateFrom(variables: Variables): { readonly cert: string; readonly key: string } | null {
  const cert = variables['CONFORMANCE_TLS_CERT'] || null
  const key = variables['CONFORMANCE_TLS_KEY'] || null
  if (cert !== null && key !== null) return { cert, key }
  if (cert === null && key === null) return null
  throw new WrongVariable('CONFORMANCE_TLS_CERT and CONFORMANCE_TLS_KEY go together')
}

/** With a certificate the issuer's own port; behind a proxy the one that the proxy is told. */
function portFrom(variables: Variables, { issuer }: Facts, hasCertificate: boolean): number {
  const given = variables['CONFORMANCE_PORT']
  if (given !== undefined && given !== '') {
    if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given)
    throw new WrongVariable(`CONFORMANCE_PORT must be a port, not ${JSON.stringify(given)}`)
  }
  return hasCertificate ? Number(new URL(issuer).port || 443) : 4000
}
