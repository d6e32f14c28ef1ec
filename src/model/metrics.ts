// THE table of metrics: every number that a running server tells to whoever watches it, once. What is exposed and the
// reference page are made from it. Labels hold words of this program only: nobody who sends requests can add a series.

import type { Family, HistogramValue } from '../platform/metrics/reading.ts'

const counter = (name: string, labels: readonly string[], en: string, zh: string): Family<number> => ({
  name,
  type: 'counter',
  labels,
  en,
  zh,
})
const gauge = (name: string, labels: readonly string[], en: string, zh: string): Family<number> => ({
  name,
  type: 'gauge',
  labels,
  en,
  zh,
})
const durations = (name: string, labels: readonly string[], en: string, zh: string): Family<HistogramValue> => ({
  name,
  type: 'histogram',
  labels,
  en,
  zh,
})

export const METRICS = {
  buildInfo: gauge(
    'lingpai_build_info',
    ['version', 'node', 'database'],
    'Always 1. Which release this is, on which Node, with which database (sqlite or postgres).',
    '恒为 1。本服务的版本、Node 版本与所用数据库（sqlite 或 postgres）。',
  ),
  ready: gauge('lingpai_ready', [], '1 when /readyz answers 200, else 0.', '/readyz 应答 200 时为 1，否则为 0。'),
  workerUp: gauge(
    'lingpai_worker_up',
    [],
    'With --workers: 1 when this worker has told its numbers within two seconds, else 0.',
    '使用 --workers 时：该工作进程在两秒内报告了数据则为 1，否则为 0。',
  ),
  requests: counter(
    'lingpai_http_requests_total',
    ['path', 'status'],
    'Requests that were answered, by the pattern of their path (other: none of ours) and status.',
    '已应答的请求数，按路径模式（other 表示不属于本服务的路径）与状态码分列。',
  ),
  requestDuration: durations(
    'lingpai_http_request_duration_seconds',
    ['path'],
    'From the moment a request begins until its answer is made. Time in line comes before it.',
    '从开始处理请求到生成应答的时间，不含此前的排队时间。',
  ),
  outcomes: counter(
    'lingpai_outcomes_total',
    ['rule'],
    'What requests came to, by the rule that decided it: the same names as in the trace (code_issued, password_wrong, client_unknown).',
    '请求的结果，按作出决定的规则分列，名称与 trace 中相同（code_issued、password_wrong、client_unknown）。',
  ),
  connections: gauge('lingpai_http_connections', [], 'Open connections.', '当前打开的连接数。'),
  inFlight: gauge(
    'lingpai_http_requests_in_flight',
    [],
    'Requests that have begun and are not answered yet; 1,000 may be.',
    '已开始而尚未应答的请求数，上限为 1,000。',
  ),
  inLine: gauge(
    'lingpai_http_requests_in_line',
    [],
    'Requests that stand in line; 4,000 may.',
    '正在排队的请求数，上限为 4,000。',
  ),
  lineDuration: durations(
    'lingpai_http_line_duration_seconds',
    [],
    'How long requests stood in line. Those that began at once are not counted.',
    '请求排队的时间。立即开始处理的请求不计入。',
  ),
  refused: counter(
    'lingpai_http_requests_refused_total',
    [],
    'Requests that were refused with 503 because too many others stood in line.',
    '因排队请求过多而以 503 拒绝的请求数。',
  ),
  loopDelay: durations(
    'lingpai_event_loop_delay_seconds',
    [],
    'How late a timer is that is due ten times a second: how long whatever comes waits for its turn.',
    '每秒触发十次的定时器迟到的时间，即新到事件等待处理的时间。',
  ),
  certificateExpires: gauge(
    'lingpai_tls_certificate_expires_timestamp_seconds',
    [],
    'With tlsCert: until when the certificate in use is valid, in seconds since 1970.',
    '设置了 tlsCert 时：当前证书的到期时间（自 1970 年起的秒数）。',
  ),
  commits: durations(
    'lingpai_database_commit_duration_seconds',
    [],
    'SQLite: how long commits took, each durable on the disk. PostgreSQL: how long lists of changes took, from being sent to being committed, repeats included.',
    'SQLite：每次提交（确保写入磁盘）所用的时间。PostgreSQL：一组更改从发出到提交完成的时间，含重试。',
  ),
  lists: counter(
    'lingpai_database_lists_total',
    [],
    'Lists of changes that were carried out, or turned down by a guard of theirs. On SQLite several share one commit.',
    '已执行（或因其前提条件不成立而未执行）的更改组数。在 SQLite 上，多组更改共用一次提交。',
  ),
  reads: durations(
    'lingpai_database_read_duration_seconds',
    [],
    'PostgreSQL only: how long reads took, from being asked to being answered.',
    '仅限 PostgreSQL：读取从发出到收到结果的时间。',
  ),
  databaseConnections: gauge(
    'lingpai_database_connections',
    ['for'],
    'PostgreSQL only: connections that are open, for reads and for changes.',
    '仅限 PostgreSQL：已打开的连接数，按读取（reads）与更改（changes）分列。',
  ),
  databaseWaiting: gauge(
    'lingpai_database_waiting',
    [],
    'SQLite: lists of changes that wait for their commit. PostgreSQL: what was sent and is not answered yet.',
    'SQLite：等待提交的更改组数。PostgreSQL：已发出而尚未得到应答的数量。',
  ),
  databaseTrouble: gauge(
    'lingpai_database_trouble',
    [],
    '1 while the newest write could not be kept, else 0.',
    '最近一次写入未能保存时为 1，否则为 0。',
  ),
  databaseSize: gauge(
    'lingpai_database_size_bytes',
    ['file'],
    'SQLite only: size of the file (database) and of its write-ahead log (log).',
    '仅限 SQLite：数据库文件（database）与预写日志（log）的大小。',
  ),
  passwords: durations(
    'lingpai_password_duration_seconds',
    [],
    'How long passwords took to be hashed or checked, waiting included.',
    '计算或核对密码所用的时间，含等待。',
  ),
  passwordsWaiting: gauge(
    'lingpai_passwords_waiting',
    [],
    'Passwords that wait to be hashed or checked; 200 may.',
    '等待计算或核对的密码数，上限为 200。',
  ),
  passwordsRefused: counter(
    'lingpai_passwords_refused_total',
    [],
    'Passwords that were answered with 503 because too many others waited.',
    '因等待数过多而以 503 应答的密码数。',
  ),
  logoutDeliveries: counter(
    'lingpai_logout_deliveries_total',
    ['result'],
    'Attempts to tell an application of a sign-out (back channel): delivered, waiting for another attempt, or abandoned.',
    '通过后台通知应用用户已退出的次数：已送达（delivered）、待重试（waiting）、已放弃（abandoned）。',
  ),
  logLines: counter(
    'lingpai_log_lines_total',
    ['level'],
    'Lines that were written to the log.',
    '写入日志的行数，按级别分列。',
  ),
  processCpu: counter(
    'process_cpu_seconds_total',
    [],
    'User and system time of this process.',
    '本进程的用户态与内核态 CPU 时间。',
  ),
  processStart: gauge(
    'process_start_time_seconds',
    [],
    'When this process started, in seconds since 1970.',
    '本进程的启动时间（自 1970 年起的秒数）。',
  ),
  processMemory: gauge('process_resident_memory_bytes', [], 'Resident memory.', '常驻内存。'),
  processFiles: gauge(
    'process_open_fds',
    [],
    'Linux only: open files and sockets.',
    '仅限 Linux：打开的文件与套接字数。',
  ),
  heapUsed: gauge('nodejs_heap_size_used_bytes', [], "Memory in use in V8's heap.", 'V8 堆中已使用的内存。'),
  loopBusy: counter(
    'lingpai_event_loop_busy_seconds_total',
    [],
    'Time in which the event loop was not idle: above 0.6 in a second, add a worker or a node.',
    '事件循环处于忙碌状态的时间：每秒超过 0.6 时，应增加工作进程或节点。',
  ),
} as const satisfies Readonly<Record<string, Family>>

export const METRIC_FAMILIES: readonly Family[] = Object.values(METRICS)
