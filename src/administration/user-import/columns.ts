// The columns of an import: their names, the names that other systems and Chinese spreadsheets give them, and which
// name was probably meant.

import { nearestName } from '../../model/names/nearest-name.ts'
import { ADDRESS_FIELDS, columnOf, isCustomName, TEXT_FIELDS } from '../user-fields.ts'

/** In the order of an export. */
export const COLUMNS: readonly string[] = [
  'user_id',
  'username',
  ...TEXT_FIELDS.slice(0, 5).map(columnOf),
  'phone',
  'phone_verified',
  'email',
  'email_verified',
  'enabled',
  ...TEXT_FIELDS.slice(5).map(columnOf),
  ...ADDRESS_FIELDS.map((field) => `address.${field}`),
]

/** Read, but written only when asked for. */
const PASSWORD_COLUMNS: readonly string[] = ['password', 'password_hash', 'password_temporary']

const ALIASES: Readonly<Record<string, readonly string[]>> = {
  user_id: ['sub', 'id', 'userid', '用户id', '用户编号'],
  username: ['user_name', 'login', 'login_name', 'account', '用户名', '用户名称', '账号', '帐号', '登录名', '登录账号'],
  name: ['display_name', 'displayname', 'full_name', 'fullname', '姓名', '名字', '显示名', '显示名称'],
  given_name: ['first_name', 'firstname', 'givenname', '名'],
  family_name: ['last_name', 'lastname', 'surname', 'familyname', '姓'],
  middle_name: ['middlename'],
  nickname: ['nick', '昵称'],
  phone: [
    'phone_number',
    'phonenumber',
    'mobile',
    'mobile_number',
    'mobile_phone',
    'cellphone',
    'tel',
    'telephone',
    '手机',
    '手机号',
    '手机号码',
    '电话',
    '电话号码',
    '联系电话',
    '移动电话',
  ],
  phone_verified: ['phone_number_verified', 'phoneverified', '手机已验证', '手机号已验证'],
  email: ['e_mail', 'mail', 'email_address', '邮箱', '电子邮箱', '邮箱地址', '电子邮件', '邮件'],
  email_verified: ['emailverified', '邮箱已验证'],
  enabled: ['active', '启用', '是否启用'],
  password: ['密码', '初始密码'],
  password_hash: ['passwordhash', 'hashed_password', '密码哈希'],
  password_temporary: ['temporary_password', 'must_change_password', '临时密码', '首次登录改密'],
  picture: ['avatar', '头像'],
  website: ['homepage', '个人网站'],
  gender: ['sex', '性别'],
  birthdate: ['birthday', 'date_of_birth', '生日', '出生日期'],
  zoneinfo: ['timezone', 'time_zone', '时区'],
  locale: ['language', '语言'],
  'address.formatted': ['address', '地址', '联系地址'],
  'address.street_address': ['street'],
  'address.locality': ['city', '城市'],
  'address.region': ['province', '省份'],
  'address.postal_code': ['postal_code', 'postcode', 'zip', '邮编', '邮政编码'],
  'address.country': ['country', '国家'],
}

const KNOWN: readonly string[] = [...COLUMNS, ...PASSWORD_COLUMNS]
/** For whoever has yet to write a file. */
export const COLUMNS_IN_SHORT: readonly string[] = [
  ...PASSWORD_COLUMNS,
  ...COLUMNS.slice(2, COLUMNS.indexOf('enabled') + 1),
]
const byName = new Map([
  ...KNOWN.map((name) => [name, name] as const),
  ...Object.entries(ALIASES).flatMap(([name, aliases]) => aliases.map((alias) => [alias, name] as const)),
])

/** `User Name`, `user-name` and `USER_NAME` are the same. Null: no column of ours. */
export function columnNamed(written: string): string | null {
  const plain = written.normalize('NFKC').trim()
  const [, custom] = /^custom\.(.+)$/is.exec(plain) ?? []
  if (custom !== undefined) return isCustomName(custom) ? `custom.${custom}` : null
  return byName.get(plain.toLowerCase().replace(/[\s-]+/g, '_')) ?? null
}

/** For a first line that is no header. */
export const HEADER_HINT = 'The first line has to name the columns, for example: username,name,phone,phone_verified'

/** For an unknown column: the known one that is nearest, and what else can be done. */
export function columnHint(written: string): string {
  const shown = written.normalize('NFKC').trim().slice(0, 64)
  const nearest = nearestName(shown, [...byName.keys()])
  const meant = nearest === null ? '' : `Did you mean ${byName.get(nearest) ?? nearest}? `
  const name = isCustomName(shown) ? shown : 'department'
  return `${meant}To keep a column of your own, call it custom.${name}; known columns: ${KNOWN.slice(0, 14).join(', ')}, …`
}
