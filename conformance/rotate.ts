// `npm run conformance:rotate -- FOLDER`: publishes new signing keys, which sign a day later. Ends when the server
// publishes them: drivers go on at once.

import { setTimeout as pause } from 'node:timers/promises'
import { requireNode } from '../scripts/node-version.ts'
import { readFlags, wrongCall } from '../scripts/read-flags.ts'
import { SEEN_BY_ALL_NODES } from '../src/issuer/keys/rotation.ts'
import { publishNewKeys } from './target/new-keys.ts'

await requireNode()
const USAGE = `npm run conformance:rotate -- FOLDER
Publishes new signing keys in the data folder of the target.`
const [data] = readFlags(USAGE, { allowPositionals: true, options: {} }).positionals
if (data === undefined) wrongCall('Name the data folder of the target')
for (const { keyId, algorithm } of await publishNewKeys(data)) console.log(`${algorithm} ${keyId}`)
await pause(SEEN_BY_ALL_NODES * 1000)
