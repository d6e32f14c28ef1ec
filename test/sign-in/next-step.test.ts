// The journey as a table: what is known, and what is still missing.

import { describe, expect, test } from 'vitest'
import type { Subject } from '../../src/model/client/sector.ts'
import { parseClient } from '../../src/model/client/settings.ts'
import { type Known, nextStep, type SignedInHere } from '../../src/sign-in/next-step.ts'

const NOW = 1_000_000
const COVERED = { scope: 'openid profile', kinds: 'identifier name' }

function person(name: string, changes: { age?: number; consent?: SignedInHere['consent'] } = {}): SignedInHere {
  return {
    secretHash: new Uint8Array(32),
    session: {
      sessionId: `se_${name}`,
      userId: name,
      userGeneration: 1,
      authenticatedAt: NOW - (changes.age ?? 10),
      amr: ['pwd'],
      lastUsedAt: NOW,
      expiresAt: NOW + 1_000,
    },
    user: {
      userId: name,
      number: 1,
      username: name,
      profile: {},
      phone: null,
      phoneVerified: false,
      email: null,
      emailVerified: false,
      enabled: true,
      version: 1,
      generation: 1,
      createdAt: NOW,
      updatedAt: NOW,
    },
    consent: changes.consent === undefined ? COVERED : changes.consent,
  }
}

interface Case {
  readonly request?: Partial<Known['request']>
  readonly client?: Record<string, unknown>
  readonly signedIn?: readonly SignedInHere[]
  readonly progress?: Partial<Known['progress']>
  readonly kinds?: string
}

function step({
  request,
  client = {},
  signedIn = [person('alice')],
  progress,
  kinds = 'identifier name',
}: Case): string {
  const settings = { client_name: 'c', redirect_uris: ['https://client.test/cb'], ...client }
  const next = nextStep({
    request: {
      clientId: 'c',
      redirectUri: 'https://client.test/cb',
      responseType: 'code',
      responseMode: 'query',
      scopeAsked: 'openid profile',
      scope: 'openid profile',
      state: null,
      nonce: null,
      codeChallenge: null,
      prompt: [],
      maxAge: null,
      loginHint: null,
      uiLocales: null,
      ...request,
    },
    client: {
      client: parseClient(settings, { client_id: 'c', preset: 'none', consentDeclared: true }),
      secretHash: null,
      sealedSecret: null,
      enabled: true,
      version: 1,
      generation: 1,
      createdAt: NOW,
      updatedAt: NOW,
    },
    signedIn,
    progress: { authenticatedSessionId: null, chosenSessionId: null, consented: false, ...progress },
    kinds,
    now: NOW,
    subjectOf: (userId) => userId as Subject,
  })
  if (next.kind === 'authenticate') return `authenticate: ${next.because}`
  if (next.kind === 'refuse') return `refuse: ${next.error.error}`
  return 'signedIn' in next ? `${next.kind}: ${next.signedIn.user.userId}` : next.kind
}

const alice = person('alice')
const bob = person('bob')
const done = { authenticatedSessionId: 'se_alice' }
const native = { application_type: 'native', token_endpoint_auth_method: 'none' }
const none = { prompt: ['none'] as const }

describe('nextStep', () => {
  test.each<[string, Case, string]>([
    ['nobody is signed in', { signedIn: [] }, 'authenticate: no_session'],
    ['nobody, prompt=none', { signedIn: [], request: none }, 'refuse: login_required'],
    ['nobody, a hint', { signedIn: [], request: { hintedSubject: 'alice' } }, 'authenticate: id_token_hint'],
    [
      'nobody, prompt=select_account',
      { signedIn: [], request: { prompt: ['select_account'] } },
      'authenticate: no_session',
    ],
    ['signed in, agreed', {}, 'issue: alice'],
    ['signed in, agreed, prompt=none', { request: none }, 'issue: alice'],
    ['the current one of two', { signedIn: [bob, alice] }, 'issue: bob'],

    ['prompt=login', { request: { prompt: ['login'] } }, 'authenticate: prompt'],
    ['prompt=login, done', { request: { prompt: ['login'] }, progress: done }, 'issue: alice'],
    [
      'prompt=login, chosen only',
      { request: { prompt: ['login'] }, progress: { chosenSessionId: 'se_alice' } },
      'authenticate: prompt',
    ],
    ['prompt=select_account', { request: { prompt: ['select_account'] } }, 'select_account'],
    [
      'prompt=select_account, chosen',
      { request: { prompt: ['select_account'] }, signedIn: [bob, alice], progress: { chosenSessionId: 'se_alice' } },
      'issue: alice',
    ],
    [
      'prompt=select_account, signed in as another',
      { request: { prompt: ['select_account'] }, signedIn: [bob, alice], progress: done },
      'issue: alice',
    ],
    ['prompt=login select_account', { request: { prompt: ['login', 'select_account'] } }, 'authenticate: prompt'],
    ['prompt=consent', { request: { prompt: ['consent'] } }, 'consent: alice'],
    ['prompt=consent, agreed now', { request: { prompt: ['consent'] }, progress: { consented: true } }, 'issue: alice'],
    [
      'prompt=consent, agreed now, but prompt=login too',
      { request: { prompt: ['login', 'consent'] }, progress: { consented: true } },
      'authenticate: prompt',
    ],

    ['max_age just met', { request: { maxAge: 10 } }, 'issue: alice'],
    ['max_age exceeded', { request: { maxAge: 9 } }, 'authenticate: max_age'],
    ['max_age exceeded, prompt=none', { request: { maxAge: 9, ...none } }, 'refuse: login_required'],
    ['max_age exceeded, done', { request: { maxAge: 9 }, progress: done }, 'issue: alice'],
    [
      'max_age=0 within the same second',
      { request: { maxAge: 0 }, signedIn: [person('alice', { age: 0 })] },
      'authenticate: max_age',
    ],
    ['max_age=0, done', { request: { maxAge: 0 }, progress: done }, 'issue: alice'],
    [
      'max_age of the one chosen',
      { request: { maxAge: 9 }, progress: { chosenSessionId: 'se_alice' } },
      'authenticate: max_age',
    ],

    ['a hint of the second', { signedIn: [bob, alice], request: { hintedSubject: 'alice' } }, 'issue: alice'],
    ['a hint of nobody here', { signedIn: [bob], request: { hintedSubject: 'alice' } }, 'authenticate: id_token_hint'],
    [
      'a hint of nobody here, prompt=none',
      { signedIn: [bob], request: { hintedSubject: 'alice', ...none } },
      'refuse: login_required',
    ],
    [
      'a hint, but another was chosen',
      { signedIn: [bob, alice], request: { hintedSubject: 'alice' }, progress: { chosenSessionId: 'se_bob' } },
      'authenticate: id_token_hint',
    ],
    [
      'a hint, but another signed in',
      { signedIn: [bob, alice], request: { hintedSubject: 'alice' }, progress: { authenticatedSessionId: 'se_bob' } },
      'authenticate: id_token_hint',
    ],

    ['who signed in for this is gone', { progress: { authenticatedSessionId: 'se_gone' } }, 'authenticate: no_session'],
    ['who was chosen is gone', { progress: { chosenSessionId: 'se_gone' } }, 'authenticate: no_session'],

    ['no consent yet', { signedIn: [person('alice', { consent: null })] }, 'consent: alice'],
    [
      'no consent yet, prompt=none',
      { signedIn: [person('alice', { consent: null })], request: none },
      'refuse: consent_required',
    ],
    [
      'no consent yet, agreed now',
      { signedIn: [person('alice', { consent: null })], progress: { consented: true } },
      'issue: alice',
    ],
    ['consent for less scope', { request: { scope: 'openid profile email' } }, 'consent: alice'],
    ['consent for more scope', { request: { scope: 'openid' } }, 'issue: alice'],
    ['consent for fewer kinds of data', { kinds: 'identifier name phone' }, 'consent: alice'],
    [
      'consent implied',
      { client: { consent: 'implied' }, signedIn: [person('alice', { consent: null })] },
      'issue: alice',
    ],
    [
      'consent implied, prompt=consent',
      { client: { consent: 'implied' }, request: { prompt: ['consent'] } },
      'consent: alice',
    ],

    ['native, https', { client: native }, 'issue: alice'],
    ['native, loopback', { client: native, request: { redirectUri: 'http://127.0.0.1:8000/cb' } }, 'consent: alice'],
    ['native, own scheme', { client: native, request: { redirectUri: 'com.example.app:/cb' } }, 'consent: alice'],
    [
      'native, own scheme, prompt=none',
      { client: native, request: { redirectUri: 'com.example.app:/cb', ...none } },
      'refuse: consent_required',
    ],
    [
      'native, own scheme, agreed now',
      { client: native, request: { redirectUri: 'com.example.app:/cb' }, progress: { consented: true } },
      'issue: alice',
    ],
    ['web, loopback', { request: { redirectUri: 'http://127.0.0.1:8000/cb' } }, 'issue: alice'],
  ])('%s', (_, known, expected) => {
    expect(step(known)).toBe(expected)
  })
})
