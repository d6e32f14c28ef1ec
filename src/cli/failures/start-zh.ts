// What may stand in the way of a start, or of a command that opens the installation, in Chinese: ports and certificates,
// the data folder, the master key, PostgreSQL, versions and the public address.

import type { Sentences } from './sentences.ts'

export const START_MESSAGES: Sentences = [
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
  [/^The disk of the database is full \(.+\)$/, '数据库所在的磁盘已满。'],
  [/^The disk of the database fails \(.+\)$/, '数据库所在的磁盘出错。'],
  [/^The database file is damaged \(.+\)$/, '数据库文件已损坏。'],
  [/^The database cannot be written: it is read-only \(.+\)$/, '数据库只读，无法写入。'],
  [/^The database is locked by another process(?: \(.+\))?$/, '数据库被另一个进程锁定。'],
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
]

export const START_HINTS: Sentences = [
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
  [
    /^Keep the folder as it is, and restore a backup into a new one: (npx lingpai restore) BACKUP --data FOLDER$/,
    '请保留原目录不动，把备份恢复到新的目录：$1 备份文件 --data 新目录',
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
]
