// The server in few files, for the build and for the published package.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { repository } from '../node-version.ts'

/** Writes `main.js` and the files of its threads into the folder. */
export async function bundleServer(outdir: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { readonly version: string }
  await build({
    entryPoints: [join(repository, 'src/main.ts'), join(repository, 'src/credentials/bcrypt-thread.ts')],
    outdir,
    entryNames: '[name]',
    bundle: true,
    define: { LINGPAI_VERSION: JSON.stringify(version) },
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Native code cannot be bundled, and pg asks for pg-native only where somebody has installed it.
    external: ['@node-rs/argon2', 'pg-native'],
    // Bundled CommonJS packages ask for the modules of Node with require.
    banner: {
      js: "import { createRequire as createRequireOfNode } from 'node:module'\nconst require = createRequireOfNode(import.meta.url)",
    },
    legalComments: 'eof',
    logLevel: 'warning',
  })
}
