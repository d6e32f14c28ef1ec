// What is wrong with a field, a row or a file, in both languages. The checks themselves speak English; here their sentences
// become Chinese for the pages. A sentence that is not known stays as it is, so nothing is ever left unsaid.

import type { Locale } from '../../pages/index.ts'
import type { AdministrationError } from '../errors.ts'

export interface SaidProblem {
  /** Null: the row as a whole. */
  readonly column: string | null
  readonly problem: string
  readonly hint?: string
}

type Said = Readonly<Record<Locale, string>>

/** `$1`, `$2` are what the parentheses caught. */
const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  // Phone numbers
  [/^was turned into (.+) by Excel, and its last digits are lost$/, '已被 Excel 变成 $1，末尾几位数字已丢失'],
  [/^was saved as #+ by Excel because the column was too narrow$/, '因列宽不足，被 Excel 保存成了 #####'],
  [/^is a formula, not a number$/, '是公式，不是号码'],
  [/^holds more than one number$/, '含有不止一个号码'],
  [/^has an extension$/, '带有分机号'],
  [/^holds letters$/, '含有字母'],
  [/^is too long for a phone number$/, '太长，不是电话号码'],
  [/^holds characters that belong in no phone number$/, '含有电话号码中不该有的字符'],
  [/^begins with a 0 that does not belong to it$/, '开头多了一个 0'],
  [/^looks like a landline number or lacks its country code$/, '像是固定电话，或缺少国家代码'],
  [/^has (\d+) digits after (\+?86); a mainland mobile number has 11$/, '在 $2 之后有 $1 位数字，大陆手机号应为 11 位'],
  [/^begins with (\d+), as no mainland mobile number does$/, '以 $1 开头，大陆手机号没有这样的号段'],
  [/^has lost its last digits or is no mainland mobile number$/, '末尾几位数字已丢失，或不是大陆手机号'],
  [/^has (\d+) digits, so it is no mainland mobile number$/, '有 $1 位数字，不是大陆手机号'],
  [/^has a 0 after \+86$/, '在 +86 之后多了一个 0'],
  [/^begins with no known country code$/, '开头不是已知的国家代码'],
  [/^is not a valid number of (?:country code )?(.+)$/, '不是 $1 的有效号码'],
  // Rows and their neighbours
  [/^is the same as in line (\d+)$/, '与第 $1 行相同'],
  [/^belongs to a user that exists already$/, '已被现有用户使用'],
  [/^belongs to an enabled user that exists already$/, '已属于另一位已启用的用户'],
  [/^belongs to an enabled user that exists already: (.+)$/, '已属于另一位已启用的用户 $1'],
  [/^is taken by a user or a client, or by one that was removed$/, '已被用户或客户端占用，或属于已删除者'],
  [/^has a value in cell (\d+), for which the header names no column$/, '第 $1 个单元格有内容，但表头没有对应的列'],
  [/^is longer than (\d+) bytes$/, '超过 $1 字节'],
  [/^is neither true nor false$/, '既不是“是”也不是“否”'],
  [/^is set, but there is no phone number$/, '为“是”，但没有手机号'],
  [/^is set, but there is no e-mail address$/, '为“是”，但没有邮箱地址'],
  [/^is no column$/, '不是已知的列'],
  [/^is neither text, a whole number nor true or false$/, '既不是文本，也不是整数或 true、false'],
  [/^is there twice, under two names$/, '以两个名称出现了两次'],
  [/^is no JSON$/, '不是有效的 JSON'],
  [/^is no JSON object$/, '不是 JSON 对象'],
  [/^has more than (\d+) members$/, '的成员超过 $1 个'],
  // The line from which on nothing can be read
  [/^the line is longer than (\d+) KiB$/, '此行超过 $1 KiB'],
  [/^a double quote is opened here and never closed$/, '此处开始的双引号没有结束'],
  [/^a double quote stands where none may be$/, '双引号出现在不该有的位置'],
  [/^the CSV cannot be read \((.+)\)$/, '无法按 CSV 读取（$1）'],
  [/^the header has (\d+) columns; at most (\d+) are allowed$/, '表头有 $1 列，最多 $2 列'],
  [/^the header has (.+) and (.+), which are both the column (.+)$/, '表头中的 $1 和 $2 都是 $3 一列'],
  [/^the header has no column username$/, '表头缺少用户名（username）一列'],
  // Fields
  [/^holds a blank inside$/, '中间含有空格'],
  [/^is empty$/, '为空'],
  [/^must have at most (\d+) characters$/, '最多 $1 个字符'],
  [/^has more than (\d+) characters$/, '超过 $1 个字符'],
  [
    /^holds (?:a )?control characters?(?: \((U\+[0-9A-F]+)\), which nobody could see or type again)?$/,
    '含有控制字符 $1',
  ],
  [/^holds .+ \((U\+[0-9A-F]+)\), which nobody could see or type again$/, '含有看不见、无法输入的字符（$1）'],
  [/^may hold printable ASCII characters only, without blanks$/, '只能使用不含空格的可见 ASCII 字符'],
  [/^must not be the word (.+)$/, '不能是 $1'],
  [/^is no date such as (.+)$/, '不是日期，格式如 $1'],
  [/^is no language tag such as (.+)$/, '不是语言代码，格式如 $1'],
  [/^is no web address that begins with https:\/\/$/, '不是以 https:// 开头的网址'],
  [/^is no e-mail address such as (.+)$/, '不是邮箱地址，格式如 $1'],
  [/^stands beside a password_hash; a row may have only one of them$/, '与 password_hash 同时出现，一行只能有其一'],
  [/^cannot be used: .+$/, '无法使用：不是已知的密码哈希格式'],
  [/^must have at least (\d+) characters$/, '至少 $1 个字符'],
  [/^must have at most (\d+) bytes$/, '最多 $1 字节'],
  [/^must differ from the username$/, '不能与用户名相同'],
  [/^is among the first that anybody would try; choose another$/, '太常见，请换一个'],
  [/^holds a NUL or half a character.*$/, '含有不能使用的字符'],
]

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /^In Excel, format the column as text/,
    '请在 Excel 中把该列设为文本（设置单元格格式 → 文本），重新输入或粘贴号码后再保存；或从原系统重新导出',
  ],
  [/a landline in Beijing is \+8610/, '大陆手机号为 11 位，如 13800138000；北京固定电话写作 +8610 加八位数字'],
  [
    /^A mainland mobile number is 11 digits/,
    '大陆手机号为 11 位，如 13800138000；其他号码请写 + 和国家代码，如 +85291234567',
  ],
  [/^Keep one number a person$/, '每人只保留一个号码'],
  [/^Write the number without its extension$/, '请去掉分机号'],
  [/^Leave the first 0 away$/, '请去掉开头的 0'],
  [/^Leave the 0 after the country code away$/, '请去掉国家代码后的 0'],
  [/^Compare it with the source, digit by digit$/, '请与原始资料逐位核对'],
  [
    /^A number belongs to at most one enabled user: /,
    '一个号码只能属于一位已启用的用户：请先停用或更改另一位，或以 enabled = false 导入这一行',
  ],
  [/^A number belongs to at most one enabled user$/, '一个号码只能属于一位已启用的用户'],
  [/^Ids are never given out again$/, '标识一经使用，不再重新分配'],
  [/^A comma inside a value/, '值中含有逗号时，请用双引号括起来'],
  [/^A double quote that is never closed/, '没有结束的双引号会把多行连成一行'],
  [
    /^A value with quotes stands in double quotes/,
    '含双引号的值要用双引号括起来，其中的每个双引号写两遍："他说""你好"""',
  ],
  [/^The first line names the columns$/, '第一行为列名'],
  [/^The first line has to name the columns, for example: /, '第一行必须是列名，例如：用户名,姓名,手机号,手机号已验证'],
  [
    /^To keep a column of your own, call it (\S+); known columns: (.+)$/,
    '要保留自己的列，请命名为 $1；可用的列：$2（常用的也可写中文，如“用户名”“姓名”“手机号”）',
  ],
  [
    /^Did you mean (\S+)\? To keep a column of your own, call it (\S+); known columns: (.+)$/,
    '是否想写 $1？要保留自己的列，请命名为 $2；可用的列：$3（常用的也可写中文，如“用户名”“姓名”“手机号”）',
  ],
  [/^In Excel, choose "CSV UTF-8/, '请在 Excel 中另存为“CSV UTF-8（逗号分隔）”；其他软件请选择 UTF-8 编码'],
  [/^Write JSON Lines instead: /, '请改用 JSON Lines：每行一个对象，不要方括号，行间不要逗号'],
  [
    /^People type it at sign-in, where nobody sees .+, as in (.+)$/,
    '登录时要输入它，多一个或少一个空格都看不出来：请去掉空格，或改用 . - _ 等符号，例如 $1',
  ],
  [/^Give that too, or leave this out$/, '请一并给出，或去掉这一项'],
  [/^Import the file again$/, '请重新导入'],
  [/^true, yes, 1, /, '可写 true、yes、1、是，或 false、no、0、否'],
]

/** Of a file as a whole. */
const FILES: readonly (readonly [RegExp, string])[] = [
  [/^Line (\d+): there is no column "(.*)"$/, '第 $1 行：没有“$2”这一列'],
  [/^Line (\d+) names none of the columns$/, '第 $1 行不是列名'],
  [/^The file is empty$/, '文件是空的'],
  [/^The file is one JSON array$/, '整个文件是一个 JSON 数组'],
  [
    /^The file is neither UTF-8 \(wrong from line (\d+) on\) nor GB18030 \(wrong from line (\d+) on\)$/,
    '文件既不是 UTF-8（从第 $1 行起有误），也不是 GB18030（从第 $2 行起有误）',
  ],
  [/^The file is an Excel workbook or another archive$/, '这是 Excel 工作簿或其他压缩文件，不是 CSV'],
  [/^The file is UTF-16 or no text at all$/, '文件是 UTF-16 编码，或不是文本'],
  [/^The import gave no sign of life for two minutes/, '导入两分钟没有进展，已放弃，未做任何更改'],
]

const COLUMNS: Readonly<Record<string, string>> = {
  username: '用户名',
  name: '姓名',
  phone: '手机号',
  phone_verified: '手机号已验证',
  email: '邮箱',
  email_verified: '邮箱已验证',
  password: '密码',
  user_id: '用户标识',
}

/** A whole sentence with its field, and how to mend it. */
export function problemSentence({ column, problem, hint }: SaidProblem): Said {
  const name = column ?? ''
  const chinese = translated(problem, PROBLEMS)
  const advice = hint === undefined ? '' : (translated(hint, HINTS) ?? hint)
  const english = `${name} ${problem}${hint === undefined ? '' : `. ${hint}`}`.trim()
  const said = chinese === null ? `${name} ${problem}`.trim() : `${COLUMNS[name] ?? name}${chinese}`
  return { en: english, 'zh-CN': advice === '' ? said : `${said}。${advice}` }
}

/** Why a file as a whole is refused, and how to mend it. */
export function fileSentence({ message, hint }: Pick<AdministrationError, 'message' | 'hint'>): Said {
  const chinese = translated(message, FILES) ?? message
  const advice = hint === null ? '' : `。${translated(hint, HINTS) ?? hint}`
  return { en: hint === null ? message : `${message}. ${hint}`, 'zh-CN': `${chinese}${advice}` }
}

/** Several about one row. */
export function joined(sentences: readonly Said[]): Said {
  return {
    en: sentences.map(({ en }) => en).join('; '),
    'zh-CN': sentences.map((each) => each['zh-CN']).join('；'),
  }
}

function translated(text: string, table: readonly (readonly [RegExp, string])[]): string | null {
  for (const [pattern, chinese] of table) {
    const found = pattern.exec(text)
    if (found !== null) return chinese.replace(/\$(\d)/g, (_, place: string) => found[Number(place)] ?? '').trimEnd()
  }
  return null
}
