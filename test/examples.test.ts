// Every example starts as its README says, and answers.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'

const folders = readdirSync('examples', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const address = socket.address()
  socket.close()
  await once(socket, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

test('there are examples', () => {
  expect(folders).toEqual(['express', 'fetch', 'node-http'])
})

test.each(folders)('%s starts and answers with its metadata', async (folder) => {
  const port = await freePort()
  const child = spawn(process.execPath, [`examples/${folder}/server.ts`], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(child.stdout, 'data')
    const metadata = await fetch(`http://localhost:${port}/.well-known/openid-configuration`)
    expect(metadata.status).toBe(200)
    expect(await metadata.json()).toMatchObject({ issuer: `http://localhost:${port}` })
    const token = await fetch(`http://localhost:${port}/sso/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'nothing' }),
    })
    expect(token.status).toBe(401)
    expect(await token.json()).toMatchObject({ error: 'invalid_client' })
  } finally {
    child.kill()
    await once(child, 'exit')
  }
})
