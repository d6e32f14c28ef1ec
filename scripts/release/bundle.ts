// The server in few files, for the build and for the published package: what only some commands or some installations
// need lies apart and is loaded by them, since the text of what has been loaded stays in memory.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { repository } from '../node-version.ts'

const requireHere = createRequire(import.meta.url)

/** What runs on threads of its own, each a file by itself. */
const THREADS = ['credentials/bcrypt-thread', 'store/database/sqlite/checkpoint-thread']

/** Writes `main.js`, its parts and the files of its threads into the folder. */
export async function bundleServer(outdir: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { readonly version: string }
  const { outputFiles } = await build({
    write: false,
    entryPoints: ['main', ...THREADS].map((name) => join(repository, `src/${name}.ts`)),
    outdir,
    entryNames: '[name]',
    bundle: true,
    splitting: true,
    // Beside it: a part finds the file of a thread in its own folder.
    chunkNames: 'main-[hash]',
    // Half the text to read and to keep in memory; names stay, for the traces of errors.
    minifyWhitespace: true,
    minifySyntax: true,
    define: { LINGPAI_VERSION: JSON.stringify(version) },
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Native code cannot be bundled, and pg asks for pg-native only where somebody has installed it.
    external: ['@node-rs/argon2', 'pg-native'],
    banner: { js: BANNER },
    legalComments: 'linked',
    logLevel: 'warning',
    plugins: [builtinsByRequire],
  })
  mkdirSync(outdir, { recursive: true })
  for (const { path, text } of outputFiles) writeFileSync(path, asciiOf(text))
}

/** Says what is wrong where an old Node would only miss a module, and lets bundled CommonJS packages ask with require. */
const BANNER = `import { createRequire as createRequireOfNode } from 'node:module'
const require = createRequireOfNode(import.meta.url)
{
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 24 || (major === 24 && minor < 15)) {
    console.error('Lingpai needs Node.js 24.15 or newer, and this is ' + process.versions.node + '. In a checkout: npm exec -- node dist/main.js')
    process.exit(1)
  }
}`

/** One letter beyond Latin-1, and V8 keeps the whole text at two bytes a letter. Regular expressions still hold some. */
function asciiOf(text: string): string {
  return text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * An `import` of one of Node's own modules reads all that it exports, and some of that is loaded when it is first read:
 * `node:http` brings a fetch client, a WebSocket and HTTP/2 with it, 14 MiB that nobody here uses. `require` reads
 * nothing, and each name that is imported is read by itself: what stands behind the names that are not falls away.
 */
const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup({ onResolve, onLoad }) {
    const namespace = 'builtin'
    onResolve({ filter: /^node:/ }, ({ path, namespace: from, kind }) =>
      from === namespace || kind === 'require-call' ? { path, external: true } : { path, namespace },
    )
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: [
        `const builtin = require('${path}')`,
        'export default builtin',
        ...namesOf(path).map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})()`),
      ].join('\n'),
      loader: 'js',
    }))
  },
}

function namesOf(builtin: string): readonly string[] {
  return Object.keys(requireHere(builtin) as object).filter((name) => name !== 'default')
}
