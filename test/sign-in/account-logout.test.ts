// Whom the account page tells: clients of the session that ended, by its `sid`, and never those of the one that goes on.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LogoutReceiver, startReceiver } from '../support/logout-receiver.ts'
import { RelyingParty } from '../support/relying-party.ts'
import { startServer, type TestServer } from '../support/server.ts'

let receiver: LogoutReceiver
let host: TestServer
beforeAll(async () => {
  receiver = await startReceiver()
  host = await startServer({ outboundAllow: [receiver.place] })
  for (const id of ['shop', 'mail']) {
    await host.addClient(id, 'openid-connect', { backchannel_logout_uri: receiver.url(`/${id}`) })
  }
  await host.addUser('alice')
})
afterAll(async () => {
  await host.close()
  await receiver.close()
})

const sidOf = (idToken: string) =>
  (JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as { readonly sid: string }).sid

/** Signed in to the client in a browser of its own, or in that of another party. */
async function signIn(clientId: string, beside?: RelyingParty) {
  const party = new RelyingParty({
    host,
    clientId,
    scope: 'openid',
    ...(beside !== undefined && { visitor: beside.visitor }),
  })
  return { party, sid: sidOf((await party.tokens()).idToken) }
}

const told = async () => {
  await host.server.logout.settled()
  host.clock.advance(3)
  await host.server.logout.settled()
  const calls = receiver.calls.map(({ path, claims }) => `${path} ${String(claims['sid'])}`).toSorted()
  receiver.reset()
  return calls
}

test('OpenID Connect Back-Channel Logout §2.3 one other browser, all others, and this one last', async () => {
  const here = await signIn('shop')
  const hereMail = await signIn('mail', here.party)
  const second = await signIn('shop')
  host.clock.advance(1)
  const third = await signIn('shop')
  const thirdMail = await signIn('mail', third.party)
  const { visitor } = here.party
  const address = `${host.issuer}/sso/account`
  // The newest stands first.
  const page = await visitor.get(address)
  const [newest = ''] = [...page.html.matchAll(/id="(sign-out-\d+)"/g)].map((match) => match[1] ?? '')
  await visitor.submit(page, newest)
  expect(await told()).toEqual([`/mail ${thirdMail.sid}`, `/shop ${third.sid}`])
  await visitor.submit(await visitor.get(address), 'sign-out-elsewhere')
  expect(await told()).toEqual([`/shop ${second.sid}`])
  await visitor.submit(await visitor.get(`${host.issuer}/sso/end-session`), 'logout-confirm')
  expect(await told()).toEqual([`/mail ${hereMail.sid}`, `/shop ${here.sid}`])
})
