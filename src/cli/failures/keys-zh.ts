// What may stand in the way of a replacement of the master key, and of a restore, in Chinese.

import type { Sentences } from './sentences.ts'

export const KEY_MESSAGES: Sentences = [
  [/^A server is running on (.+), or this command is already$/, '有服务器正在使用 $1，或此命令已在运行。'],
  [/^The master key is in (.+), and the next one is made there too$/, '主密钥在 $1 中，新的主密钥也会生成在那里。'],
  [/^The next master key is not given$/, '没有给出新的主密钥。'],
  [/^(.+) holds the present master key$/, '$1 中就是现在的主密钥。'],
  [
    /^There is no installation in this PostgreSQL database; nothing was made there$/,
    '此 PostgreSQL 数据库中没有 Lingpai 的数据，未做任何更改。',
  ],
  [
    /^A replacement of the master key was begun with another next key, and goes on with that one only$/,
    '主密钥的更换此前已用另一个新密钥开始，只能用那一个继续。',
  ],
  [
    /^A replacement of the master key was begun with another present key, and goes on with that one only$/,
    '主密钥的更换此前已用另一个现有密钥开始，只能用那一个继续。',
  ],
  [/^The database belongs to the next key already: nothing was changed$/, '数据库已在使用新的主密钥，未做任何更改。'],
  [
    /^Another run of this command was faster, or the database belongs to another key by now$/,
    '另一次运行抢先完成，或数据库现已属于另一个主密钥。',
  ],
  [
    /^Stopped\. Nothing starts on the database until this has come to its end\. Run the same command again: it goes on$/,
    '已停止。在更换完成之前，该数据库上不会启动任何服务器。请再次运行同一命令，它会继续。',
  ],
  [
    /^(.+) does not open: it was changed, or moved here from another place\. Nothing was changed$/,
    '$1 无法解封：内容被改动过，或是从别处移来的。未做任何更改。',
  ],
  [/^(.+) is too short to be a sealed value\. Nothing was changed$/, '$1 太短，不是封装的内容。未做任何更改。'],
  [/^(.+) is sealed in an unknown format \((\d+)\)\. Nothing was changed$/, '$1 的封装格式未知（$2）。未做任何更改。'],
  [
    /^(.+) was sealed with master key (\w+), but the key in use is (\w+)\. Nothing was changed$/,
    '$1 是用主密钥 $2 封装的，而现在使用的是 $3。未做任何更改。',
  ],
  [/^The backup is not sealed, although a passphrase was given$/, '给出了口令，但该备份并未加密。'],
  [/^The backup is not sealed, although a private key was given$/, '给出了私钥，但该备份并未加密。'],
  [/^The backup was made for another key than this one$/, '该备份是为另一个密钥制作的。'],
  [/^The backup was written by a newer release$/, '该备份由更新的版本写成。'],
]

export const KEY_HINTS: Sentences = [
  [/^Stop the server, or wait, then try again$/, '请停止服务器，或稍候，然后重试。'],
  [/^Leave --new-key-file out$/, '请去掉 --new-key-file。'],
  [/^Make one: (.+), and name it: (.+)$/, '请先生成：$1；再指定它：$2'],
  [/^Give another one$/, '请给出另一个。'],
  [
    /^Name the right one with --database, and its schema with --database-schema where it has one$/,
    '请用 --database 指定正确的数据库；如有独立的 schema，再加上 --database-schema。',
  ],
  [/^Name that one: (.+)$/, '请指定那一个：$1'],
  [
    /^Give that one in LINGPAI_MASTER_KEY or LINGPAI_MASTER_KEY_FILE, and the same next one$/,
    '请用 LINGPAI_MASTER_KEY 或 LINGPAI_MASTER_KEY_FILE 给出那一个，并给出同一个新密钥。',
  ],
  [/^Give it to every server and command in place of the former one$/, '请在所有服务器和命令中用它取代原来的密钥。'],
  [/^See whether the server starts with the next key$/, '请看服务器能否用新的主密钥启动。'],
  [
    /^A client gets another secret by (npx .+); a signing key is given up by (npx .+)\. Then try again$/,
    '为客户端更换密钥：$1；放弃签名密钥：$2。然后重试。',
  ],
  [
    /^If it was made sealed, somebody has replaced it: .+$/,
    '如果制作时是加密的，说明它已被人替换：请使用另一份副本。如果本来就没有加密，请只给出主密钥（--master-key-file）。',
  ],
  [/^Restore it with that one$/, '请用那个版本恢复。'],
]
