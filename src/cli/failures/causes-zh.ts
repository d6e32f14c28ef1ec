// A file, a folder or a database that cannot be used, and what the system or the database says of it, in Chinese.

import { type Sentences, translated } from './sentences.ts'

/** Why, as systems and databases say it. */
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
  [/^the disk of the database fails \(.+\)$/, '磁盘出错'],
  [/^the file is not a database \(.+\)$/, '其中的文件不是数据库'],
  [/^the database file is damaged \(.+\)$/, '数据库文件已损坏'],
  [/^the database is locked by another process(?: \(.+\))?$/, '数据库被另一个进程锁定'],
]

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

/** A line that says what cannot be used, read or written, and why. Null: not known. */
export function causeInChinese(line: string): string | null {
  const [, what = '', why = ''] =
    /^(.+?) (?:cannot be (?:used|read|opened)|could not be written): (.+)$/.exec(line) ?? []
  const [thing, cause] = [translated(what, THINGS), translated(why, CAUSES)]
  return thing === null || cause === null ? null : `${thing} 不可用：${cause}。`
}
