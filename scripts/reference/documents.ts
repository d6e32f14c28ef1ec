// The pages of the reference, each made from the thing it describes.

import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { buildProgram } from '../../src/cli/index.ts'
import { describeSettings } from '../../src/model/client/settings.ts'
import { METRIC_FAMILIES } from '../../src/model/metrics.ts'
import { describeOptions } from '../../src/options/index.ts'
import { DIFFERENCES } from '../../test/oracle/differences.ts'
import { databaseTables } from './database.ts'
import { type Matrix, matrixOf, specificationProblems, specificationsPage } from './specifications.ts'
import { defaultInChinese, valueInChinese } from './values-zh.ts'

/** The program with all its commands, which otherwise are loaded one at a time. */
const PROGRAM = await buildProgram(() => undefined)

let made: Matrix | null = null
/** Reading all of the source takes its time: once is enough. */
function matrix(): Matrix {
  made ??= matrixOf(fileURLToPath(new URL('../..', import.meta.url)))
  return made
}

export interface Document {
  /** Below docs/reference. */
  readonly path: string
  readonly render: () => string
  /** Problems in the source of the page, which writing the page anew does not solve. */
  readonly problems?: () => readonly string[]
}

type Language = 'en' | 'zh'

export const DOCUMENTS: readonly Document[] = [
  { path: 'options.md', render: () => options('en') },
  {
    path: 'options.zh-CN.md',
    render: () => options('zh'),
    problems: () => untranslated(describeOptions().map(asOption)),
  },
  { path: 'client-settings.md', render: () => clientSettings('en') },
  {
    path: 'client-settings.zh-CN.md',
    render: () => clientSettings('zh'),
    problems: () => untranslated(describeSettings().map(asSetting)),
  },
  { path: 'metrics.md', render: () => metrics('en') },
  { path: 'metrics.zh-CN.md', render: () => metrics('zh') },
  { path: 'cli.md', render: commandLine },
  { path: 'database.md', render: database },
  {
    path: 'specifications.md',
    render: () => `${MADE.en}\n\n${specificationsPage(matrix())}`,
    problems: () => specificationProblems(matrix()),
  },
  { path: 'differences.md', render: differences },
]

/** Pages made elsewhere, from what was measured: they cannot be made anew here. */
export const WRITTEN: readonly string[] = ['conformance.md', 'performance.md']

const MADE: Readonly<Record<Language, string>> = {
  en: '<!-- Made by `npm run reference`; change the source instead. -->',
  zh: '<!-- 由 `npm run reference` 生成，请修改源代码。 -->',
}

/** One row of a Markdown table; what would break the table is escaped. */
function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

const code = (text: string) => `\`${text}\``

interface Value {
  readonly name: string
  readonly values: string
  readonly fallback: string
}

const asOption = ({ key, describes, defaultText }: ReturnType<typeof describeOptions>[number]): Value => ({
  name: key,
  values: describes,
  fallback: defaultText,
})
const asSetting = ({ name, values, fallback }: ReturnType<typeof describeSettings>[number]): Value => ({
  name,
  values,
  fallback,
})

/** What it may be, and what it is by default. */
function cellsOf({ values, fallback }: Value, language: Language): readonly string[] {
  if (language === 'en') return [values, fallback]
  return [valueInChinese(values) ?? values, defaultInChinese(fallback, values) ?? fallback]
}

function untranslated(all: readonly Value[]): readonly string[] {
  return all
    .filter(({ values, fallback }) => valueInChinese(values) === null || defaultInChinese(fallback, values) === null)
    .map(({ name }) => `the values or the default of ${name} have no words in Chinese (scripts/reference/values-zh.ts)`)
}

const OPTIONS_TEXT: Readonly<Record<Language, string>> = {
  en: `# Options

Each option has one name in four spellings. What stands further right is stronger: defaults, the YAML file, the
environment, flags. The YAML file is the one named by \`--config FILE\` or \`LINGPAI_CONFIG\`, else \`lingpai.yaml\` in the
data folder, else \`lingpai.yaml\` in the working directory; only one is read. Dotted keys may be written as groups
(\`brand:\` and below it \`productName:\`) or as they stand here.

A relative path begins at the YAML file that holds it, otherwise at the working directory. A span is a number of seconds
or a number with a unit: \`90s\`, \`30m\`, \`12h\`, \`30d\`. Unknown names and contradictions are refused at the start.
\`lingpai config show\` prints every effective value and where it comes from; secrets are masked.

All of it is read once, at the start, files that are named included: a change holds from the next start on. Only the
certificate and key of \`tlsCert\` and \`tlsKey\` and the files in \`proofFolder\` are read again when they change.`,
  zh: `# 选项

每个选项有一个名称、四种写法，越靠右优先级越高：默认值、YAML 文件、环境变量、命令行参数。YAML 文件由 \`--config FILE\` 或
\`LINGPAI_CONFIG\` 指定；未指定时依次查找数据目录与当前目录中的 \`lingpai.yaml\`，只读取其中一个。带点的键可以写成分组
（\`brand:\` 下一行缩进写 \`productName:\`），也可以照原样书写。

相对路径以所在的 YAML 文件为起点，其余情况以当前目录为起点。时长可写秒数或带单位：\`90s\`、\`30m\`、\`12h\`、\`30d\`。
未知的名称与相互矛盾的设置在启动时即被拒绝。\`lingpai config show\` 显示每一项的生效值与来源，机密内容会被遮盖。

所有选项（包括其中指定的文件）只在启动时读取一次，修改后需重新启动才生效。只有 \`tlsCert\` 与 \`tlsKey\` 指定的证书和私钥、
\`proofFolder\` 中的文件会在变化后重新读取。`,
}

const OPTIONS_HEAD: Readonly<Record<Language, readonly string[]>> = {
  en: ['YAML key', 'variable', 'flag', 'value', 'default', 'meaning'],
  zh: ['YAML 键', '环境变量', '命令行参数', '取值', '默认值', '说明'],
}

function options(language: Language): string {
  const rows = describeOptions().map((option) => [
    option.isInFile ? code(option.key) : '–',
    code(option.environment),
    option.flag === null ? '–' : code(option.flag),
    ...cellsOf(asOption(option), language),
    option[language],
  ])
  return `${MADE[language]}\n\n${OPTIONS_TEXT[language]}\n\n${table(OPTIONS_HEAD[language], rows)}\n`
}

const SETTINGS_TEXT: Readonly<Record<Language, string>> = {
  en: `# Settings of a client

Set with \`lingpai client add --set NAME=VALUE\` and \`lingpai client update CLIENT_ID --set NAME=VALUE\`. What RFC 7591 and
OpenID Connect Registration name keeps that name. An unknown or contradictory setting is refused.`,
  zh: `# 客户端设置

使用 \`lingpai client add --set 名称=值\` 或 \`lingpai client update CLIENT_ID --set 名称=值\` 设置。RFC 7591 与 OpenID Connect
Registration 已有名称的设置沿用原名。未知或相互矛盾的设置会被拒绝。`,
}

const SETTINGS_HEAD: Readonly<Record<Language, readonly string[]>> = {
  en: ['setting', 'value', 'default', 'set by', 'meaning'],
  zh: ['设置', '取值', '默认值', '设置者', '说明'],
}

const SET_BY: Readonly<Record<Language, readonly [client: string, operator: string]>> = {
  en: ['operator, or the client by registration', 'operator'],
  zh: ['运营者，或客户端自行注册', '运营者'],
}

function clientSettings(language: Language): string {
  const [client, operator] = SET_BY[language]
  const rows = describeSettings().map((setting) => [
    code(setting.name),
    ...cellsOf(asSetting(setting), language),
    setting.byClient ? client : operator,
    setting[language],
  ])
  return `${MADE[language]}\n\n${SETTINGS_TEXT[language]}\n\n${table(SETTINGS_HEAD[language], rows)}\n`
}

const METRICS_TEXT: Readonly<Record<Language, string>> = {
  en: `# Metrics

What a server that was started with \`--metrics-port\` tells at \`/metrics\` of that port; [the guide](../guides/watch.md) says how to gather and
what to ask. With several workers each sample has the label \`worker\` too. A family without a sample is left out. A histogram has
buckets up to 1, 2.5, 5, 10, 25, 50, 100, 250 and 500 ms, 1, 2.5, 5 and 10 s.`,
  zh: `# 指标

以 \`--metrics-port\` 启动的服务器在该端口的 \`/metrics\` 提供的数据；如何采集与查询见[指南](../guides/watch.zh-CN.md)。有多个工作进程时，每个样本还带有标签
\`worker\`。没有样本的指标不会出现。直方图的上限依次为 1、2.5、5、10、25、50、100、250、500 毫秒与 1、2.5、5、10 秒。`,
}

const METRICS_HEAD: Readonly<Record<Language, readonly string[]>> = {
  en: ['name', 'type', 'labels', 'meaning'],
  zh: ['名称', '类型', '标签', '含义'],
}

function metrics(language: Language): string {
  const rows = METRIC_FAMILIES.map((family) => [
    code(family.name),
    family.type,
    family.labels.map(code).join(', '),
    family[language],
  ])
  return `${MADE[language]}\n\n${METRICS_TEXT[language]}\n\n${table(METRICS_HEAD[language], rows)}\n`
}

const DIFFERENCES_TEXT = `# Where a certified library answers otherwise

Two readings of the same specifications: \`test/oracle\` asks the same of Lingpai and of
[oidc-provider](https://www.npmjs.com/package/oidc-provider), which is certified by the OpenID Foundation. Both keep every promise
there alike, but for these.`

function differences(): string {
  const rows = DIFFERENCES.map(({ title, peer, why }) => [title, peer, why])
  return `${MADE.en}\n\n${DIFFERENCES_TEXT}\n\n${table(['promise that Lingpai keeps', 'oidc-provider', 'why we do as we do'], rows)}\n`
}

function commandLine(): string {
  const parts = commandsOf(PROGRAM, []).map(([name, help]) => `## ${name}\n\n\`\`\`text\n${help.trim()}\n\`\`\`\n`)
  return `${MADE.en}\n\n# The command line\n\nIn a checkout: \`npx lingpai …\`. \`--help\` tells a command's own options, \`--help-all\` those that it shares with others too, as here.\n\n${parts.join('\n')}`
}

function commandsOf(command: Command, above: readonly string[]): readonly (readonly [string, string])[] {
  const name = [...above, command.name()]
  // The width of whoever runs this must not change the page.
  command.configureOutput({ getOutHelpWidth: () => 110, getOutHasColors: () => false })
  return [[name.join(' '), command.helpInformation()], ...command.commands.flatMap((each) => commandsOf(each, name))]
}

/** As both databases have them: only by this word is a number the key of a table of SQLite, where each has 64 bits. */
const TYPES: Readonly<Record<string, string>> = { BLOB: 'bytes', INTEGER: 'bigint' }

function database(): string {
  const parts = databaseTables().map(({ name, note, columns, key, indexes }) => {
    const cells = columns.map((column) => [
      code(column.name),
      TYPES[column.type] ?? column.type.toLowerCase(),
      column.notnull === 1 || column.pk > 0 ? '' : 'may be null',
    ])
    const other = note.postgres
    const reasons = [
      ...indexes.map((index) => [code(index.name), index.columns, index.reason]),
      ...Object.entries(other?.indexes ?? {}).map(([each, { over, reason }]) => [
        code(each),
        over,
        `${reason} (PostgreSQL only.)`,
      ]),
    ]
    const keys = key.map(code).join(', ')
    const differs = other !== undefined && code(other.key) !== keys
    return [
      `## ${name}`,
      '',
      note.holds,
      '',
      table(['column', 'type', ''], cells),
      '',
      `Primary key: ${keys}${differs ? `; on PostgreSQL ${code(other.key)}` : ''}.${indexes.length === 0 ? ' No further index.' : ''}`,
      ...(indexes.length === 0 ? [] : ['', table(['index', 'over', 'why'], reasons)]),
    ].join('\n')
  })
  const head = `# Database

The same tables on SQLite and PostgreSQL. Bytes are \`BLOB\` or \`BYTEA\`, instants are whole seconds since 1970, flags 0 or 1.
Secrets are kept as SHA-256 or HMAC only. An index costs every write, so each has its reason; a table or index without one
fails \`npm run check\`.`
  return `${MADE.en}\n\n${head}\n\n${parts.join('\n\n')}\n`
}
