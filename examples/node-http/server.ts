// Lingpai as the listener of a plain node:http server.

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createAuthorizationServer, sqlite } from 'lingpai'

const port = Number(process.env['PORT'] ?? 4000)

const server = await createAuthorizationServer({
  issuer: `http://localhost:${port}`,
  // A real server names a file, and keeps its master key with it.
  database: await sqlite({ file: ':memory:' }),
  masterKey: randomBytes(32).toString('base64url'),
})

createServer(server.node).listen(port, 'localhost', () => {
  console.log(`listening at http://localhost:${port}`)
})
