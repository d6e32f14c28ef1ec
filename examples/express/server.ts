// Lingpai beside the routes of an Express application. It is mounted before any body parser: it reads bodies itself.

import { randomBytes } from 'node:crypto'
import express from 'express'
import { createAuthorizationServer, sqlite } from 'lingpai'

const port = Number(process.env['PORT'] ?? 4000)

const server = await createAuthorizationServer({
  issuer: `http://localhost:${port}`,
  database: await sqlite({ file: ':memory:' }),
  masterKey: randomBytes(32).toString('base64url'),
})

const app = express()
app.use(['/sso', '/.well-known'], server.node)
app.get('/', (_, reply) => {
  reply.type('text').send('The application itself')
})
app.listen(port, 'localhost', () => {
  console.log(`listening at http://localhost:${port}`)
})
