// `npm run conformance:rotate -- FOLDER`: publishes new signing keys, which sign a day later. Ends when the server
// publishes them: drivers go on at once.

import { setTimeout as pause } from 'node:timers/promises'
import { requireNode } from '../scripts/node-version.ts'
import { SEEN_BY_ALL_NODES } from '../src/issuer/keys/rotation.ts'
import { publishNewKeys } from './target/new-keys.ts'

requireNode()
const [data] = process.argv.slice(2)
if (data === undefined) {
  console.error('Name the data folder of the target: npm run conformance:rotate -- FOLDER')
  process.exitCode = 2
} else {
  for (const { keyId, algorithm } of await publishNewKeys(data)) console.log(`${algorithm} ${keyId}`)
  await pause(SEEN_BY_ALL_NODES * 1000)
}
