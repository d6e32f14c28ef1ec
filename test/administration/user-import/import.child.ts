// Imports a file in a process of its own, which the test kills: says so when rows have been written.

import { fileSource, importUsers } from '../../../src/administration/user-import/index.ts'
import { createPasswordHasher } from '../../../src/credentials/password-hash.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import { createStore } from '../../../src/store/store.ts'
import { testClock } from '../installation.ts'

const [, , database = '', csv = ''] = process.argv
const store = createStore(await openSqlite({ file: database }))
const parts = { store, clock: testClock(), hasher: createPasswordHasher() }
await importUsers(parts, fileSource(csv), {
  progress: ({ phase, done }) => {
    if (phase === 'write' && done === 10_000) process.stdout.write('written\n')
  },
})
