// What README.md says about the library, word for word: somebody who has nothing else gets a server that answers.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { cleanEnvironment, lingpai, REPOSITORY } from './support/cli.ts'
import { freePort } from './support/free-port.ts'
import { readable } from './support/visitor.ts'

/** Its fenced blocks, in order. */
function blocks(file: string, heading: string): readonly { readonly language: string; readonly text: string }[] {
  const section = readFileSync(join(REPOSITORY, file), 'utf8').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/```(\w*)\n([^]*?)```/g)].map(([, language = '', text = '']) => ({ language, text }))
}

const english = blocks('README.md', 'As a library')

// Inside the repository, as a clone is: there the name `lingpai` is the sources.
mkdirSync(join(REPOSITORY, '.tmp'), { recursive: true })
const folder = mkdtempSync(join(REPOSITORY, '.tmp', 'readme-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('both languages have the same blocks, but for comments', () => {
  const bare = (text: string) => text.replaceAll(/ \/\/ .*/g, '')
  const chinese = blocks('README.zh-CN.md', '作为库使用')
  expect(english.map(({ language }) => language)).toEqual(['', 'ts', ''])
  expect(chinese.map(({ text }) => bare(text))).toEqual(english.map(({ text }) => bare(text)))
})

test('the key, the program and the command make a server that answers, also to the command line', async () => {
  const port = await freePort()
  const [key, program, start] = english.map(({ text }) => text.replaceAll('4000', String(port)))
  execFileSync('sh', ['-ec', key ?? ''], { cwd: folder, env: cleanEnvironment() })
  writeFileSync(join(folder, 'server.ts'), program ?? '')
  expect(start?.trim()).toBe('npx -c "node server.ts"')

  const child = spawn(process.execPath, ['server.ts'], { cwd: folder, env: cleanEnvironment(), stdio: 'inherit' })
  try {
    const home = `http://localhost:${port}/`
    const answer = async (): Promise<Response> => {
      if (child.exitCode !== null) throw new Error('the program has ended')
      return await fetch(home).catch(async () => {
        await wait(50)
        return await answer()
      })
    }
    const front = readable(await (await answer()).text())
    expect(front).toContain('Lingpai 令牌')
    // What the page tells to type is for this installation, not for one that lies in ./data.
    expect(front).toContain('npx lingpai setup-link --data FOLDER')
    const { stdout, stderr } = await lingpai(['setup-link', '--data', 'embedded'], { cwd: folder })
    const link = /http\S+/.exec(stdout)?.[0] ?? stderr
    expect(link).toContain(home)
    expect((await fetch(link)).status).toBe(200)
  } finally {
    if (child.exitCode === null) {
      child.kill()
      await once(child, 'exit')
    }
  }
})

/** Whole commands: a name in a sentence, such as `npx lingpai trace`, names no data. */
function reports(file: string): readonly string[] {
  const text = readFileSync(join(REPOSITORY, file), 'utf8')
  return [...text.matchAll(/npx lingpai (?:rehearse|trace) [^`\n]*--data[^`\n]*/g)].map(([command]) => command)
}

const guides = readdirSync(join(REPOSITORY, 'docs/guides')).filter((file) => file.endsWith('.zh-CN.md'))
test.each(['README.zh-CN.md', ...guides.map((file) => `docs/guides/${file}`)])(
  '%s leads to reports in Chinese, beside the English twin',
  (file) => {
    const chinese = reports(file)
    expect(chinese.filter((command) => !command.includes(' --language zh-CN'))).toEqual([])
    const same = chinese.map((command) => command.replace(' --language zh-CN', ''))
    expect(same).toEqual(reports(file.replace('.zh-CN', '')))
  },
)

test('the search for such commands finds those of the README', () => {
  expect(reports('README.zh-CN.md')).toHaveLength(2)
})
