// Restores into a folder at the very moment that it is told, and says how it went.

import { readFileSync } from 'node:fs'
import { restore } from '../../src/administration/backup/restore.ts'
import { AdministrationError } from '../../src/administration/errors.ts'
import { parseMasterKey } from '../../src/credentials/master-key.ts'

const [, , file = '', folder = '', keyFile = ''] = process.argv
const master = parseMasterKey(readFileSync(keyFile, 'utf8'), keyFile)
process.stdout.write('ready\n')
process.stdin.once('data', (told: Buffer) => {
  const at = Number(told.toString())
  while (Date.now() < at);
  restore({ file, folder, databaseFile: 'lingpai.sqlite', master }).then(
    () => finish({ code: 'restored' }),
    (error: unknown) => {
      if (!(error instanceof AdministrationError)) throw error
      finish({ code: error.code, message: `${error.message}. ${error.hint}` })
    },
  )
})

function finish(end: object): void {
  process.stdout.write(`${JSON.stringify(end)}\n`)
  process.stdin.destroy()
}
