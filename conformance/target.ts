// `npm run conformance:target`: starts the server that the conformance suite is to test and prints where it is. What it
// reads from the environment is in README.md beside this file.

import { fileURLToPath } from 'node:url'
import { requireNode } from '../scripts/node-version.ts'
import { readFlags } from '../scripts/read-flags.ts'
import { WrongVariable } from './facts.ts'
import { startTarget } from './target/start.ts'

const ROTATE = fileURLToPath(new URL('rotate.ts', import.meta.url))

await requireNode()
const USAGE = `npm run conformance:target [-- --json]
Starts the server that the conformance suite is to test. What it reads from the environment: conformance/README.md`
const isJson = readFlags(USAGE, { options: { json: { type: 'boolean' } } }).values.json ?? false

try {
  const target = await startTarget(process.env)
  const { facts, port, data } = target
  const ids = [...Object.values(facts.clients), ...Object.values(facts.signing)].map(({ client_id }) => client_id)
  const text = `${facts.issuer}/.well-known/openid-configuration

Listens on port ${port}, for the suite at ${facts.suite}
Aliases  ${facts.aliases.join(', ')}
Clients  ${ids.join(', ')}
Person   ${facts.user.username} / ${facts.user.password}
Rotate   npm run conformance:rotate -- ${data}
`
  const command = [process.execPath, ROTATE, data]
  console.log(isJson ? JSON.stringify({ name: 'lingpai', ...facts, rotate_keys: { command } }, null, 2) : text)
  const stop = () => void target.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
} catch (error) {
  const isOurs = error instanceof WrongVariable || (error instanceof Error && error.name === 'CannotListen')
  if (!isOurs) throw error
  console.error(error.message)
  process.exitCode = 2
}
