// What an option or a setting may be, and is by default, in Chinese. The source says it once, in English, for messages and for
// the help too; what is not known here fails `npm run check`, so that no page is half in English.

type Sentences = readonly (readonly [RegExp, string])[]

const VALUES: Sentences = [
  [/^one of (.+)$/, '下列之一：$1'],
  [/^a list of (`.+)$/, '列表，可含：$1'],
  [/^names of (.+)$/, '列表，可含：$1'],
  [/^true or false$/, '`true` 或 `false`'],
  [/^whole number from (\d+) to (\d+)$/, '整数，$1 至 $2'],
  [
    /^seconds or a span such as (\w+), (\w+) or (\w+); from (\w+) to (\w+)$/,
    '秒数，或 $1、$2、$3 这样的时长；$4 至 $5',
  ],
  [/^bytes or a size such as (\w+); from (\w+) to (\w+)$/, '字节数，或 $1 这样的大小；$2 至 $3'],
  [/^text, at most (\d+) characters$/, '文本，最多 $1 个字符'],
  [/^text$/, '文本'],
  [/^a path$/, '路径'],
  [/^a path such as (\S+), or empty for none$/, '路径，例如 $1；留空表示没有'],
  [/^an IP address or a host name$/, 'IP 地址或主机名'],
  [/^an https address; http on this machine only$/, 'https 地址；只有本机可用 http'],
  [/^an http or https address$/, 'http 或 https 地址'],
  [/^an address that begins with (\S+)$/, '以 $1 开头的地址'],
  [/^an address that begins with (\S+) or (\S+)$/, '以 $1 或 $2 开头的地址'],
  [
    /^an https:\/\/ address \(http:\/\/ only for hosts in (`\w+`)\)$/,
    '以 https:// 开头的地址（$1 中的主机可用 http://）',
  ],
  [/^(postgres:\S+)$/, '$1'],
  [/^a name of (\S+), at most (\d+) characters$/, '由 $1 组成的名称，最多 $2 个字符'],
  [/^IP addresses or networks such as (\S+)$/, 'IP 地址或网段，例如 $1'],
  [/^host names, or origins such as (\S+)$/, '主机名，或来源（origin），例如 $1'],
  [/^hosts with their ports, such as (\S+)$/, '主机与端口，例如 $1'],
  [/^a colour such as (\S+)$/, '颜色，例如 $1'],
  [/^scope names separated by blanks$/, '权限范围（scope），以空格分隔'],
  [/^hosts \((.+)\) or private-use schemes \((.+)\)$/, '主机（$1）或私有协议（$2）'],
  [
    /^(`.+`) of its keys, or a JSON map of issuers to addresses or JWK sets$/,
    '$1（签发者=其公钥的地址），或 JSON 对象：签发者到地址或 JWK 集的映射',
  ],
  [/^a list of redirect URIs$/, '回调地址的列表'],
  [/^a list of addresses$/, '地址的列表'],
  [/^a list of https:\/\/ addresses$/, '以 https:// 开头的地址的列表'],
  [/^a list of texts$/, '文本的列表'],
  [/^a list of authentication classes$/, '认证级别（acr）的列表'],
  [/^a list of origins$/, '来源（origin）的列表'],
  [/^a list of resource identifiers$/, '资源标识的列表'],
  [/^a JWK set of at most (\d+) public keys: (.+)$/, 'JWK 集，最多 $1 个公钥：$2'],
  [/^a map: language tag to name$/, '映射：语言代码到名称'],
  [
    /^a map: claim name to user field, list of fields, or (`.+`); dots nest$/,
    '映射：声明名称到用户字段、字段的列表，或 $1；用点表示嵌套',
  ],
  [/^set by the server$/, '由服务器设置'],
]

const DEFAULTS: Sentences = [
  [/^none$/, '无'],
  [/^none: nobody is told$/, '无：不提供'],
  [/^any$/, '不限'],
  [/^any that their keys allow$/, '其公钥允许的任何算法'],
  [/^the stored issuer; at the first start (\S+)$/, '已保存的 issuer；首次启动时为 $1'],
  [/^SQLite in the data folder$/, '数据目录中的 SQLite'],
  [/^the database user's own$/, '数据库用户的默认 schema'],
  [/^(\d+) shared among the workers, at least (\d+) for each$/, '各工作进程合计 $1 个，每个进程至少 $2 个'],
  [/^(\S+), made at the first start; required with PostgreSQL$/, '$1，首次启动时生成；使用 PostgreSQL 时必须给出'],
  [/^the language of the system: (\w+), (\w+) or (\w+)$/, '系统的语言：$1、$2 或 $3'],
  [/^(\S+), else (.+)$/, '$1；未设置时为 $2'],
  [/^what the set-up has stored$/, '初始设置中保存的名称'],
  [/^the digits of (\S+)$/, '$1 中的数字'],
  [/^jade$/, '青玉色'],
  [/^("\w+"); public clients ("\w+")$/, '$1；公开客户端为 $2'],
]

/** Null: not known. */
export function valueInChinese(english: string): string | null {
  return translated(english.replaceAll('`, `', '`、`'), VALUES)
}

/** Null: not known. What a value is written as, and what stands among its values (`none` of a pooler), is no word of ours. */
export function defaultInChinese(english: string, value: string): string | null {
  const isAmongValues = value.includes(`\`${english}\``) || english.split(', ').every((each) => value.includes(each))
  if (isAmongValues || /^["[{]\S*$|^"[\w ]+"$|^[\w./-]*$/.test(english)) {
    return isAmongValues ? english : (translated(english, DEFAULTS) ?? english)
  }
  return translated(english, DEFAULTS) ?? (value.startsWith('scope') ? english : null)
}

function translated(english: string, table: Sentences): string | null {
  for (const [pattern, chinese] of table) {
    const found = pattern.exec(english)
    if (found !== null) return chinese.replace(/\$(\d)/g, (_, place: string) => found[Number(place)] ?? '')
  }
  return null
}
