// The ways in which the ground of what was issued is taken away, as operators and people do it.

import { expect } from 'vitest'
import type { TestServer } from './server.ts'

export interface Case {
  readonly host: TestServer
  readonly userId: string
  readonly clientId: string
  readonly sessionId: string
}

export interface Cause {
  readonly name: string
  readonly clientIsGone: boolean
  /** Without it an offline grant lives on. */
  readonly endsOffline: boolean
  readonly endsSession: boolean
  happen(of: Case): Promise<void>
  /** Gives back what can be given back. */
  undo?(of: Case): Promise<void>
}

const at = (host: TestServer) => host.clock.now()

async function setClientEnabled({ host, clientId }: Case, enabled: boolean): Promise<void> {
  const { store } = host.server.parts
  const record = await store.findClient(clientId)
  if (record === null) throw new Error('no client')
  const state = { enabled, version: record.version, killIssued: !enabled }
  const event = { type: enabled ? 'client_enabled' : 'client_disabled', at: at(host), clientId } as const
  expect(await store.updateClient(record.client, state, event)).toBe('updated')
}

export const CAUSES: readonly Cause[] = [
  {
    name: 'the user is disabled',
    clientIsGone: false,
    endsOffline: true,
    endsSession: true,
    async happen({ host, userId }) {
      const event = { type: 'user_disabled', at: at(host), userId } as const
      expect(await host.server.parts.store.setUserEnabled(userId, false, event)).toBe('done')
    },
    async undo({ host, userId }) {
      const event = { type: 'user_enabled', at: at(host), userId } as const
      expect(await host.server.parts.store.setUserEnabled(userId, true, event)).toBe('done')
    },
  },
  {
    name: 'the user is removed',
    clientIsGone: false,
    endsOffline: true,
    endsSession: true,
    async happen({ host, userId }) {
      const event = { type: 'user_removed', at: at(host), userId } as const
      expect(await host.server.parts.store.removeUser(userId, event)).toBe(true)
    },
  },
  {
    name: 'an operator sets another password',
    clientIsGone: false,
    endsOffline: true,
    endsSession: true,
    async happen({ host, userId }) {
      const event = { type: 'user_password_set', at: at(host), userId } as const
      expect(await host.server.parts.store.setPassword(userId, '$argon2id$never', event)).toBe(true)
    },
  },
  {
    name: 'the client is disabled',
    clientIsGone: true,
    endsOffline: true,
    endsSession: false,
    happen: (of) => setClientEnabled(of, false),
    undo: (of) => setClientEnabled(of, true),
  },
  {
    name: 'the client is removed',
    clientIsGone: true,
    endsOffline: true,
    endsSession: false,
    async happen({ host, clientId }) {
      const event = { type: 'client_removed', at: at(host), clientId } as const
      expect(await host.server.parts.store.removeClient(clientId, event)).toBe(true)
    },
  },
  {
    name: 'the consent is withdrawn',
    clientIsGone: false,
    endsOffline: true,
    endsSession: false,
    async happen({ host, userId, clientId }) {
      const event = { type: 'consent_withdrawn', at: at(host), userId, clientId } as const
      expect(await host.server.parts.store.withdrawConsent(userId, clientId, event)).toBe(true)
    },
  },
  {
    name: 'the session is ended',
    clientIsGone: false,
    endsOffline: false,
    endsSession: true,
    async happen({ host, userId, sessionId }) {
      const event = { type: 'session_ended', at: at(host), userId } as const
      expect(await host.server.parts.store.endSession(sessionId, event)).toBe(true)
    },
  },
]
