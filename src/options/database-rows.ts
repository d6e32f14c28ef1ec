// The rows of the table of options that say where records are kept, and how they are reached.

import { oneOf } from '../model/setting.ts'
import { bytes, orNull, postgresUrl, schemaName, span, wholeNumber, yesOrNo } from './kinds.ts'
import { row } from './row.ts'

const optional = row<string | null>

export const DATABASE_ROWS = {
  database: optional({
    kind: orNull(postgresUrl),
    default: null,
    defaultText: 'SQLite in the data folder',
    secret: 'password',
    orFile: true,
    en: 'PostgreSQL database. Without it the server keeps everything in SQLite in the data folder.',
    zh: 'PostgreSQL 数据库地址。不设置时使用数据目录中的 SQLite。',
  }),
  databaseSchema: optional({
    kind: orNull(schemaName),
    default: null,
    defaultText: "the database user's own",
    en: 'PostgreSQL schema that holds the tables.',
    zh: '存放数据表的 PostgreSQL schema。',
  }),
  databaseConnections: row<number | null>({
    kind: orNull(wholeNumber(2, 500)),
    default: null,
    defaultText: '10 shared among the workers, at least 4 for each',
    en: 'Connections to PostgreSQL that each process of this server may hold.',
    zh: '本服务每个进程最多可占用的 PostgreSQL 连接数。',
  }),
  databaseTimeout: row({
    kind: span(1, 300),
    default: 10,
    en: 'How long PostgreSQL may take for one statement. After it the request is answered 503.',
    zh: 'PostgreSQL 执行一条语句的时限，超时后请求以 503 应答。',
  }),
  databasePooler: row({
    kind: oneOf('none', 'transaction'),
    default: 'none',
    en: 'With transaction, a pooler such as PgBouncer gives each transaction another connection, so that nothing is set on connections.',
    zh: 'transaction：前面有按事务分配连接的连接池（如 PgBouncer），此时不会在连接上做任何设置。',
  }),
  databaseUnnamedStatements: row({
    kind: yesOrNo,
    default: false,
    en: 'Uses no named prepared statements: for a pooler that cannot keep them (PgBouncer before 1.21).',
    zh: '不使用具名预备语句：用于无法保留它们的连接池（1.21 之前的 PgBouncer）。',
  }),
  databaseCache: row({
    kind: bytes(1024 ** 2, 64 * 1024 ** 3),
    default: 4 * 1024 ** 2,
    defaultText: '4MiB',
    en: 'Memory in which SQLite may keep pages of its file. Used as far as the file is large; the system keeps what does not fit.',
    zh: 'SQLite 可用于缓存数据库页面的内存，实际占用随数据库大小增长；放不下的页面由操作系统缓存。',
  }),
  cachedClients: row({
    kind: wholeNumber(100, 1_000_000),
    default: 10_000,
    en: 'Clients that are kept in memory as they are used, about 2 KB each, at most twice as many.',
    zh: '保留在内存中的常用应用数量，每个约 2 KB，最多为该数的两倍。',
  }),
  workers: row({
    kind: wholeNumber(1, 64),
    default: 1,
    en: 'Processes that share the port, so that all cores work. Needs PostgreSQL: one process serves SQLite.',
    zh: '共用同一端口的进程数，用于占满全部 CPU 核。仅限 PostgreSQL：SQLite 由单个进程提供服务。',
  }),
} as const
