// The words in zh-CN of the pages on which people choose a password.

import type { Words } from './en.ts'

export const password: Words['password'] = {
  title: '修改密码',
  effects: '修改后，您在此处保持登录，在其他地方会退出登录，各应用会要求您重新登录。',
  current: '当前密码',
  next: '新密码',
  nextHint: (limit: number) => `至少 ${limit} 个字符。一句话比一串符号更容易记住。`,
  again: '再次输入新密码',
  submit: '修改密码',
  cancel: '保持不变',
  wait: (seconds: number) => `尝试次数过多，请等待 ${seconds} 秒后重试。密码没有改变。`,
  first: {
    title: '设置您的密码',
    why: '管理员给您的是临时密码，只能用来登录一次。请设置自己的密码，今后只有您自己知道。',
    submit: '保存并继续',
  },
  errors: {
    current: {
      missing: '请输入当前密码。',
      wrong: '当前密码不正确，请重试。',
    },
    next: {
      missing: '请输入新密码。',
      too_short: (limit: number) => `新密码至少需要 ${limit} 个字符。`,
      too_long: '新密码太长了。',
      unusable_character: '新密码含有无法使用的字符，请换一个。',
      same_as_username: '新密码不能与用户名相同。',
      too_common: '这个新密码太常见，容易被猜到，请换一个。',
      unchanged: '这就是您的当前密码，请换一个。',
    },
    again: { differs: '两次输入的新密码不一致，请重新输入。' },
  },
}
