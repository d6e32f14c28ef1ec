// Lingpai behind the same face as the peer.

import { CALLBACK, startServer } from '../support/server.ts'
import { CLIENTS, METADATA, type Provider, SECRET, SIGNED_OUT } from './provider.ts'

export async function startOurs(): Promise<Provider> {
  const host = await startServer()
  const { web, two, new: unknown, page, machine } = CLIENTS
  const out = { post_logout_redirect_uris: [SIGNED_OUT] }
  const settings = ({ redirect_uris, scope }: { redirect_uris: readonly string[]; scope: string }) => ({
    redirect_uris: redirect_uris.length === 0 ? [CALLBACK] : redirect_uris,
    scope,
    ...out,
  })
  await host.addClient('web', 'openid-connect', settings(web), SECRET)
  await host.addClient('two', 'openid-connect', settings(two), SECRET)
  await host.addClient('new', 'openid-connect', settings(unknown), SECRET)
  await host.addClient('page', 'spa', settings(page))
  const alone = { grant_types: ['client_credentials'], response_types: [] }
  await host.addClient('machine', 'openid-connect', { ...settings(machine), ...alone }, SECRET)
  for (const name of ['signer', 'pair', 'reader'] as const) {
    await host.addClient(name, 'openid-connect', { ...settings(CLIENTS[name]), ...METADATA[name] }, SECRET)
  }
  await host.addUser('alice', { email: 'alice@example.com', emailVerified: true })
  const at = (path: string) => `${host.issuer}/sso/${path}`
  return {
    name: 'Lingpai',
    issuer: host.issuer,
    username: 'alice',
    endpoints: {
      authorize: at('authorize'),
      par: at('par'),
      token: at('token'),
      userinfo: at('userinfo'),
      introspect: at('introspect'),
      revoke: at('revoke'),
      endSession: at('end-session'),
      jwks: at('jwks'),
    },
    close: () => host.close(),
  }
}
