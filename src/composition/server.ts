// The composition root: parts in, one handler of requests out. The files of this folder alone know every wing; they hand
// functions from one to another, so that the wings need not know each other.

import type { HttpReply, HttpRequest } from '../http/message.ts'
import { pageReply } from '../http/reply/page-reply.ts'
import { healthRoutes } from '../http/routing/health.ts'
import { createProofFiles } from '../http/routing/proof-files.ts'
import { createRouter, type Problem } from '../http/routing/router.ts'
import { createClientEncryption } from '../issuer/keys/client-encryption.ts'
import { createResponseSigners } from '../issuer/tokens/response-signer.ts'
import type { ClientRecord } from '../model/client/client.ts'
import { errorPage, misdirectedPage, notFoundPage } from '../pages/index.ts'
import type { Parameters } from '../protocol/parameters.ts'
import { frontHrefOf } from '../sign-in/endpoints/front-page.ts'
import { readDeviceRequest } from '../sign-in/request/device-request.ts'
import { checkPushed } from '../sign-in/request/pushed-request.ts'
import { frameAtClients, localeCookiesAtClients } from '../visitor/frame.ts'
import { withSaidAgain } from '../visitor/said-again.ts'
import { issuerRoutes } from './issuer-routes.ts'
import type { Parts, Signing } from './parts.ts'
import { signInParts, signInRoutes } from './sign-in-routes.ts'

export function compose(parts: Parts): (request: HttpRequest) => Promise<HttpReply> {
  const signing = signingOf(parts)
  const origins = [parts.addresses.origin, ...parts.alternativeOrigins] as const
  const look = { ...parts, csrfKey: parts.master.key('csrf'), origins }
  const ofSignIn = signInParts(parts, signing)
  const asking = {
    checkPushed: (client: ClientRecord, form: Parameters) => checkPushed(ofSignIn, client, form),
    readDeviceRequest: (client: ClientRecord, form: Parameters) => readDeviceRequest(ofSignIn, client, form),
    readClientDocument: ofSignIn.readClientDocument,
  }
  const signIn = signInRoutes(parts, ofSignIn).map((route) => withSaidAgain(look, route))
  const routes = [...issuerRoutes(parts, signing, asking), ...signIn, ...parts.pages, ...healthRoutes(parts.unready)]
  return createRouter(routes, {
    origins,
    errorPage: (request, problem) => problemPage(parts, request, problem),
    log: parts.log,
    record: (entry) => {
      const { rule, clientId } = entry.outcome ?? {}
      if (clientId !== undefined && (rule === 'code_issued' || rule === 'token_issued')) parts.use?.note(clientId)
      parts.requests?.record(entry)
      parts.trace?.record(entry)
    },
    ...(parts.proofFolder !== null && { fallback: createProofFiles(parts.proofFolder) }),
  })
}

function signingOf({ clientKeys, keys, master, unsignedJwt }: Parts): Signing {
  return {
    signers: createResponseSigners({ keys, master, unsigned: unsignedJwt }),
    encryption: createClientEncryption(clientKeys, master),
  }
}

const ADVICE = {
  method_not_allowed: 'method_not_allowed',
  refused: 'request_refused',
  store_unavailable: 'database_away',
  server_failed: 'server_error',
} as const

function problemPage(parts: Parts, request: HttpRequest, problem: Problem): HttpReply {
  const frame = frameAtClients(parts, request)
  const cookies = localeCookiesAtClients(request)
  if (problem.rule === 'not_found') {
    const accountHref = parts.accountPage ? parts.addresses.path.account : null
    const view = { traceId: problem.traceId, frontHref: frontHrefOf(parts), accountHref }
    return pageReply(notFoundPage(view, frame), { cookies })
  }
  if (problem.rule === 'misdirected') {
    const href = problem.rightAddress ?? parts.addresses.issuer
    return pageReply(misdirectedPage({ issuer: parts.addresses.issuer, href }, frame))
  }
  const view = {
    status: problem.status,
    code: problem.error ?? 'invalid_request',
    description: problem.description ?? 'The request cannot be answered',
    traceId: problem.traceId,
    advice: ADVICE[problem.rule],
  }
  return pageReply(errorPage(view, frame), { cookies })
}
