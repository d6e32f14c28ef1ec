// What a command may answer about clients, users, imports, backups, and the way it was typed, in Chinese.

import type { Sentences } from './sentences.ts'

export const COMMAND_MESSAGES: Sentences = [
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

export const COMMAND_HINTS: Sentences = [
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
