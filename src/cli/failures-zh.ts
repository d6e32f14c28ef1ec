// What a newcomer may do wrong, or find in the way, from the first start to the first sign-in, and with backups: in Chinese.
// Failures are told in English wherever they are met, and become Chinese here, at the terminal; one that is not known stays
// wholly in English.

import { AdministrationError } from '../administration/errors.ts'
import { fileSentence, problemSentence } from '../administration/set-up/row-words.ts'
import type { UserProblem, UserRefused } from '../administration/users.ts'
import { KEY_HINTS, KEY_MESSAGES } from './failures-zh-keys.ts'
import { type Flags, withTips } from './flags.ts'
import { optionInChinese } from './options-zh.ts'
import { type Sentences, translated } from './sentences.ts'

/** What stands in the way, as systems and databases call it. */
const CAUSES: Sentences = [
  [/^permission denied$/, '没有权限'],
  [/^it is a file$/, '它是一个文件'],
  [/^not a directory$/, '路径中有一段是文件'],
  [/^no such file or directory$/, '路径不存在'],
  [/^no such file$/, '没有这个文件'],
  [/^this user may not (?:read it|write there)$/, '当前用户没有权限'],
  [/^it is a folder$/, '它是一个目录'],
  [/^read-only file system$/, '文件系统是只读的'],
  [/^no space left on device$/, '磁盘已满'],
  [
    /^it has (\d+) names \(hard links\), .+: (cp \S+ new), then (mv new \S+)$/,
    '它有 $1 个名字（硬链接），每个名字都会有自己的写入日志。请在没有程序使用它时把它变成独立的文件：先 $2，再 $3',
  ],
  [/^this user may not look into it; .+$/, '当前用户无权访问；它必须属于运行服务器与命令的用户'],
  [/^operation not permitted$/, '系统不允许此操作'],
  [/^the database cannot be written: it is read-only \(.+\)$/, '只读，无法写入'],
  [/^the database file cannot be opened \(.+\)$/, '无法打开数据库文件'],
  [/^the disk of the database is full \(.+\)$/, '磁盘已满'],
  [/^the file is not a database \(.+\)$/, '其中的文件不是数据库'],
  [/^the database file is damaged \(.+\)$/, '数据库文件已损坏'],
  [/^the database is locked by another process(?: \(.+\))?$/, '数据库被另一个进程锁定'],
]

const MESSAGES: Sentences = [
  // 端口与证书
  [
    /^Port (\d+) on (\S+) is already in use by another program; .+ with (--\S+?)\.?$/,
    '端口 $1（$2）已被其他程序占用。请停止它，或用 $3 换端口。',
  ],
  [
    /^This user may not listen on port (\d+) of (\S+); .+$/,
    '当前用户无权监听 $2 的端口 $1。请改用 1023 以上的端口，或授予相应权限。',
  ],
  [
    /^This machine has no address (\S+) to listen on; .+ with (--\S+?),.+$/,
    '本机没有 $1 这个地址。请用 $2 给出本机的地址；0.0.0.0 表示全部地址。',
  ],
  [
    /^The host name (\S+) to listen on cannot be resolved; .+ with (--\S+?)\.?$/,
    '无法解析要监听的主机名 $1。请用 $2 给出本机的地址。',
  ],
  [/^Cannot listen on port (\d+) of (\S+) \((.+)\)$/, '无法监听 $2 的端口 $1（$3）。'],
  [/^The certificate (.+) and key (.+) cannot be used \(no such file\)$/, '证书 $1 或私钥 $2 不存在。'],
  [
    /^The certificate (.+) and key (.+) cannot be used \(this user may not read it\)$/,
    '当前用户不能读取证书 $1 或私钥 $2。',
  ],
  [/^The certificate (.+) and key (.+) cannot be used \((.+)\)$/, '证书 $1 与私钥 $2 不可用（$3）。'],

  // 数据目录与 SQLite
  [/^Another server is running on the data folder (.+)$/, '另一个服务器正在使用数据目录 $1。'],
  [/^(.+) is a file, no data folder$/, '$1 是一个文件，不是数据目录。'],
  [/^There is no installation in (.+)$/, '$1 中还没有数据。'],
  [/^A restore into (.+) is running, or was cut off: .+$/, '正在向 $1 恢复备份，或恢复曾被中断：其中没有数据库。'],

  // 主密钥
  [/^With PostgreSQL every node needs the same master key$/, '使用 PostgreSQL 时，每个节点都需要同一个主密钥。'],
  [
    /^The master key is not the one this database was made with(?:\. Give the right one, or restore a backup)?$/,
    '主密钥与建立此数据库时所用的不同。请给出正确的主密钥，或恢复备份。',
  ],
  [
    /^The master key of this database is being replaced, or that was cut off$/,
    '此数据库的主密钥正在更换，或更换时被打断。',
  ],
  [
    /^The master key of this database is being replaced, or that was cut off\. .+: npx lingpai master-key replace$/,
    '此数据库的主密钥正在更换，或更换时被打断。请等待其结束，或重新运行：npx lingpai master-key replace',
  ],
  [
    /^(.+) does not exist; bring it back from a backup, or set LINGPAI_MASTER_KEY\. .+$/,
    '$1 不存在。请从备份中取回，或设置 LINGPAI_MASTER_KEY；新的主密钥打不开已有的数据。',
  ],
  [/^(.+) \(LINGPAI_MASTER_KEY_FILE\) does not exist$/, '$1（LINGPAI_MASTER_KEY_FILE）不存在。'],
  [
    /^(.+?)(?: \(in the data folder\))? is open to other users of this machine \(mode (\d+)\); run: (.+)$/,
    '$1 可被本机其他用户读取或修改（权限 $2）。请运行：$3',
  ],
  [
    /^(.+?)(?: \(in the data folder\))? is empty; expected 43 characters .+$/,
    '$1 是空的：应为 43 个 base64url 字符（32 字节）。',
  ],
  [
    /^(.+?)(?: \(in the data folder\))? is not base64url; expected 43 characters .+$/,
    '$1 不是 base64url：应为 43 个字符 [A-Za-z0-9_-]（32 字节）。',
  ],
  [
    /^(.+?)(?: \(in the data folder\))? holds (\d+) bytes; the master key must be exactly (\d+)$/,
    '$1 有 $2 字节；主密钥必须正好是 $3 字节。',
  ],

  // PostgreSQL
  [/^The database does not answer \((.+)\)$/, '数据库没有应答（$1）。'],
  [/^The database refuses \((.+)\)$/, '数据库拒绝了连接（$1）。'],
  [
    /^The role of the database may not do what the server needs \((.+)\); .+$/,
    '数据库角色的权限不足（$1）。请用 ALTER DATABASE … OWNER TO … 使其成为所有者，或用 databaseSchema 为它指定单独的 schema。',
  ],
  [
    /^The database must be encoded in UTF8, not (\S+); make one with (.+)$/,
    '数据库的编码必须是 UTF8，而不是 $1。请这样建立：$2。',
  ],

  // 版本与公网地址
  [
    /^The database does not hold everything yet: a move into it is under way, or was cut off$/,
    '数据库中的数据还不完整：向它的迁移正在进行，或曾被中断。',
  ],
  [
    /^The database does not hold everything yet: .+ Wait for it to end, or run it again: npx lingpai move$/,
    '数据库中的数据还不完整：向它的迁移正在进行，或曾被中断。请等待其结束，或重新运行：npx lingpai move',
  ],
  [
    /^The database holds tables of another program; none of them was changed$/,
    '数据库中有其他程序的表，没有改动它们。',
  ],
  [
    /^The database has schema version (\d+), this program knows (\d+): use a newer release$/,
    '数据库属于更新的版本（结构版本 $1，本程序只到 $2）。',
  ],
  [/^The database is of an older release, and .+$/, '数据库属于较早的版本，可能有该版本的服务器正在使用它。'],
  [
    /^The issuer was (\S+) until now, .+ To make it (\S+), start once with --accept-new-issuer .+$/,
    '此前的公网地址（issuer）是 $1，各客户端都以此识别本服务器。要改为 $2，请在启动时加一次 --accept-new-issuer。',
  ],
  [/^This installation has no public address yet$/, '尚未设置公网地址（issuer）。'],
  [/^The issuer of this installation is (\S+), not (\S+)$/, '已保存的公网地址（issuer）是 $1，不是 $2。'],

  // 客户端与用户
  [
    /^There is no preset "(.+)"\. Did you mean (\S+)\? Known are (.+)$/,
    '没有“$1”这个预设，是否想写 $2？可用的有：$3。',
  ],
  [/^There is no preset "(.+)"\. Known are (.+)$/, '没有“$1”这个预设。可用的有：$2。'],
  [/^There is no client "(.+)"$/, '没有“$1”这个客户端。'],
  [/^There is no user "(.+)"$/, '没有“$1”这个用户。'],
  [/^A person needs a user name$/, '请给出用户名。'],
  [/^Nothing to change was given$/, '没有给出要更改的内容。'],
  [/^The import file (.+) is not a regular file$/, '导入文件 $1 不是普通文件。'],
  [/^The import was stopped; nothing has changed$/, '导入已停止，没有做任何更改。'],
  [/^Stopped; nothing has changed$/, '已停止，没有做任何更改。'],
  [/^Stopped; nothing is left behind$/, '已停止，没有留下任何文件。'],
  [/^No password came on standard input$/, '标准输入中没有密码。'],
  [/^The password was typed differently the second time; nothing has changed$/, '两次输入的密码不一致，未做任何更改。'],
  [
    /^The client secret was typed differently the second time; nothing has changed$/,
    '两次输入的客户端密钥不一致，未做任何更改。',
  ],
  [/^The username (.+) belongs to another user$/, '用户名 $1 已被其他用户使用。'],
  [/^The phone number (\S*) belongs to another enabled user$/, '手机号 $1 已属于另一位已启用的用户。'],
  [/^The phone number (\S*) belongs to another enabled user: (.+)$/, '手机号 $1 已属于另一位已启用的用户：$2。'],
  [/^There is no trace "(.+)"$/, '没有“$1”这条追踪记录。'],

  // 备份与恢复
  [/^(.+) exists already$/, '$1 已经存在。'],
  [/^The backup cannot be written in (.+): there is no such folder$/, '无法在 $1 中写入备份：没有这个目录。'],
  [/^(.+) is not empty$/, '$1 不是空的。'],
  [/^The file is not a backup of this program$/, '该文件不是本程序的备份。'],
  [/^The backup does not hold the master key$/, '该备份中没有主密钥。'],
  [/^The master key does not belong to this backup$/, '主密钥与该备份不符。'],
  [/^The backup is protected by a passphrase$/, '该备份由口令加密。'],

  // 命令本身
  [/^Unknown option '(.+)'$/, '没有“$1”这个选项。'],
  [/^Unknown command '(.+)'$/, '没有“$1”这个命令。'],
  [/^Too many arguments for '(.+)'\. Expected 0 arguments but got (\d+): (.+)$/, '“$1”不接受参数，却收到 $2 个：$3。'],
  [
    /^Too many arguments for '(.+)'\. Expected (\d+) arguments? but got (\d+): (.+)$/,
    '“$1”最多接受 $2 个参数，却收到 $3 个：$4。',
  ],
  [/^Missing required argument '(.+)'$/, '缺少参数 $1。'],
  [/^Option '(.+)' argument missing$/, '选项 $1 缺少值。'],
  [/^Required option '(.+)' not specified$/, '缺少必需的选项 $1。'],
  [/^Option '(.+)' argument '(.*)' is invalid\. Allowed choices are (.+)$/, '选项 $1 的值不能是“$2”。可用的有：$3。'],
]

const HINTS: Sentences = [
  [/^See: (npx .+)$/, '请查看：$1'],
  [/^Type the command again$/, '请重新输入命令。'],
  [/^Did you mean (\S+)\? See: (npx .+)$/, '是否想写 $1？请查看：$2'],
  [/^Run: (.+)$/, '请运行：$1'],
  [/^It is read twice, so a folder or a pipe will not do: .+$/, '文件要读两遍，不能是目录或管道。'],
  [/^A backup never replaces a file: choose another name$/, '备份绝不覆盖已有文件：请换一个名称。'],
  [/^Choose a name that is not taken$/, '请换一个名称。'],
  [/^Name a file in a folder that is there$/, '请给出已有目录中的文件名。'],
  [
    /^A backup is restored into a new folder, and nothing is ever overwritten\. Name one: (.+)$/,
    '备份只恢复到新目录，绝不覆盖任何内容。请指定一个：$1',
  ],
  [/^Give the master\.key that belongs to it: (.+)$/, '请给出与它对应的 master.key：$1'],
  [/^Give the file that holds it: (.+)$/, '请给出存放它的文件：$1'],
  [/^Signing keys and client secrets would be lost with it$/, '用它恢复会失去签名密钥与客户端密钥。'],
  [/^For example: (.+)$/, '例如：$1'],
  [/^See --tls-cert and --tls-key: .+$/, '请检查 --tls-cert 与 --tls-key：两者都是 PEM 文件，且必须配对。'],
  [
    /^Stop that one first, or give this one a folder of its own with --data$/,
    '请先停止那一个，或用 --data 为这一个指定另外的目录。',
  ],
  [
    /^Choose another folder with --data, or give this user the right to write there$/,
    '请用 --data 另选目录，或授予当前用户写入权限。',
  ],
  [
    /^Run it as the user whose files these are, .+ Which folder is used: (npx .+)$/,
    '请以这些文件的所有者运行，或授予当前用户写入权限。查看所用的目录：$1',
  ],
  [/^Wait for it to end, or run it again: (npx .+)$/, '请等待其结束，或重新运行：$1'],
  [/^Name another folder with --data$/, '请用 --data 另外指定一个目录。'],
  [
    /^Make an empty database with createdb, or name a schema of its own with --database-schema$/,
    '请用 createdb 建立一个空数据库，或用 --database-schema 指定单独的 schema。',
  ],
  [/^Name the folder with --data$/, '请用 --data 指定目录。'],
  [
    /^Name its folder with --data, or its PostgreSQL with --database, or start a server there: (npx .+?) \(or name its public address here: (.+)\)$/,
    '请用 --data 指定数据目录，或用 --database 指定 PostgreSQL；也可以先在那里启动服务器：$1；或在此命令中给出公网地址：$2',
  ],
  [
    /^Name its folder with --data, or its PostgreSQL with --database, or start a server there: (npx .+)$/,
    '请用 --data 指定数据目录，或用 --database 指定 PostgreSQL；也可以先在那里启动服务器：$1',
  ],
  [/^Wait for it to end\. If none is running, .+$/, '请等待其结束。如果没有在恢复，请删除该目录后重新恢复。'],
  [/^Give the right one, or restore a backup$/, ''],
  [
    /^Set LINGPAI_MASTER_KEY_FILE to a file that holds it\. Where there is none yet, run: (.+)$/,
    '请把 LINGPAI_MASTER_KEY_FILE 设为存放它的文件。还没有主密钥时，请这样生成：$1',
  ],
  [
    /^See that PostgreSQL runs and which address is used: (npx .+)$/,
    '请检查 PostgreSQL 是否在运行，以及所用的地址：$1',
  ],
  [
    /^Make it \((.+?)\), or correct the address\. Which address is used: (npx .+)$/,
    '请先建立该数据库（$1），或更正地址。所用的地址：$2',
  ],
  [
    /^Correct the role or its password in the address\. Which address is used: (npx .+)$/,
    '请更正地址中的用户名或密码。所用的地址：$1',
  ],
  [
    /^See sslrootcert in the address of the database: .+$/,
    '请检查数据库地址中的 sslrootcert：应为 PEM 文件，含有签发其证书的机构。',
  ],
  [
    /^Run the release that has changed it, or restore a backup .+$/,
    '请使用更新该数据库的那个版本，或把此前的备份恢复到另一个目录。',
  ],
  [
    /^Stop servers of the older release, .+$/,
    '请先停止旧版本的服务器，再启动一个本版本的服务器，由它更新数据库；然后重试。',
  ],
  [/^Start the server once, or give the address: (.+)$/, '请先启动一次服务器，或给出地址：$1'],
  [
    /^Leave --issuer out; to change it, start the server once with --issuer and --accept-new-issuer$/,
    '请去掉 --issuer；要更改地址，请用 --issuer 与 --accept-new-issuer 启动一次服务器。',
  ],
  [
    /^Names that differ only in case, width or outer blanks count as the same$/,
    '仅大小写、全角半角或首尾空格不同的名称视为相同。',
  ],
  [
    /^A number belongs to at most one enabled user, .+ \("(npx .+)"\)$/,
    '一个号码只能属于一位已启用的用户，因为客户端以它绑定账号：请先停用或更改另一位（“$1”）。',
  ],
  [
    /^A number belongs to at most one enabled user, .+$/,
    '一个号码只能属于一位已启用的用户，因为客户端以它绑定账号：请先停用或更改另一位。',
  ],
  [
    /^Traces are written within a second and kept for 14 days, .+$/,
    '追踪记录在一秒内写入，保留 14 天，最多 10,000 条。',
  ],
]

/** Without the full stop that ends it. */
function bare(text: string): string {
  return text.trim().replace(/\.$/, '')
}

export interface Failure {
  readonly message: string
  readonly hint: string | null
}

/** What was thrown, and the flags of the command that met it. */
export interface Met {
  readonly error?: unknown
  readonly flags?: Flags
}

/** Null: not known, so that it is told in English as a whole. */
export function failureInChinese({ message, hint }: Failure, { error, flags = {} }: Met = {}): string | null {
  if (isUserRefused(error)) return userRefused(error, flags)
  const lines = message.split('\n').map((line) => bare(line))
  const said = lines.map(
    (line) => translated(line, MESSAGES, KEY_MESSAGES) ?? causeInChinese(line) ?? optionInChinese(line),
  )
  const advice = hint === null ? '' : translated(bare(hint), HINTS, KEY_HINTS)
  if (said.includes(null) || advice === null) return fileRefused(error)
  return `${said.join('\n      ')}${advice !== '' && said.length > 1 ? '\n      ' : ''}${advice}`
}

/** What cannot be used, where it is no bare path: those stay as they are. */
const THINGS: Sentences = [
  [/^The data folder (.+)$/, '数据目录 $1'],
  [/^The import file (.+)$/, '导入文件 $1'],
  [/^The backup file (.+)$/, '备份文件 $1'],
  [/^The picture (.+) \(--logo-file\)$/, '图标文件 $1（--logo-file）'],
  [/^The file (.+) \((\w+) of the database address\)$/, '数据库地址中 $2 所指的文件 $1'],
  [/^(\S+): (.+)$/, '$1：$2'],
  [/^(.+) \(in the data folder\)$/, '$1'],
  [/^((?!the |this |an? |it ).+)$/i, '$1'],
]

/** What cannot be used or read, and why. */
function causeInChinese(line: string): string | null {
  const [, what = '', why = ''] =
    /^(.+?) (?:cannot be (?:used|read|opened)|could not be written): (.+)$/.exec(line) ?? []
  const [thing, cause] = [translated(what, THINGS), translated(why, CAUSES)]
  return thing === null || cause === null ? null : `${thing} 不可用：${cause}。`
}

/** Known by what it holds: a start has no use for all that users need. */
function isUserRefused(error: unknown): error is UserRefused {
  return error instanceof AdministrationError && 'problems' in error
}

/** A file of people, as the set-up says it. */
function fileRefused(error: unknown): string | null {
  if (!(error instanceof AdministrationError)) return null
  const { message, hint } = error
  const sentence = fileSentence(error)['zh-CN']
  return sentence.includes(message) || (hint !== null && sentence.includes(hint)) ? null : `${sentence}。`
}

function userRefused({ problems }: UserRefused, flags: Flags): string | null {
  const said = problems.map(problemInChinese)
  return said.includes(null) ? null : withTips(said.join(''), flags)
}

function problemInChinese({ message, hint }: UserProblem): string | null {
  const whole = translated(message, MESSAGES)
  if (whole !== null) {
    const advice = hint === null ? '' : translated(hint, HINTS)
    return advice === null ? null : `${whole}${advice}`
  }
  const [, column = '', problem = ''] = /^(?:The )?(\S+) (.+)$/.exec(message) ?? []
  const sentence = problemSentence({ column, problem, ...(hint !== null && { hint }) })['zh-CN']
  return sentence.includes(problem) || (hint !== null && sentence.includes(hint)) ? null : `${sentence}。`
}
