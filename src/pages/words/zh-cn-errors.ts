// The words in zh-CN of error pages: one sentence for the visitor, one for the operator on what to correct.

import { type Content, html } from '../markup/html.ts'
import type { Words } from './en.ts'
import { descriptionInChinese } from './zh-cn-descriptions.ts'

export const errors: Words['errors'] = {
  title: '出了点问题',
  operator: '给应用或本服务器的管理员',
  onward: (target: Content) => html`仍要前往 ${target}`,
  code: '错误代码',
  description: '说明',
  translated: descriptionInChinese,
  original: '英文原文',
  trace: '追踪编号',
  traceHint: '联系管理员时，请提供此编号。',
  advice: {
    unknown_client: {
      visitor: '此链接属于本服务器不认识的应用，因此没有执行任何操作。',
      operator: '请逐字核对应用发送的 client_id 与此处登记的是否一致。',
    },
    redirect_uri_missing: {
      visitor: '应用没有说明登录后应返回哪里。',
      operator: '应用必须发送 redirect_uri，且与为该客户端登记的完全一致。',
    },
    redirect_uri_mismatch: {
      visitor: '应用给出的返回地址没有为该应用登记，因此没有为您登录。',
      operator: 'redirect_uri 必须与登记的地址逐字相同；追踪记录会指出与最接近的地址差在哪里。',
    },
    request_malformed: {
      visitor: '带您来到这里的链接或表单不完整，或已损坏。',
      operator: '请阅读下面的说明，并更正应用发出的请求。',
    },
    request_too_large: {
      visitor: '带您来到这里的请求太长了。',
      operator: '请缩短应用发送的内容；state 最多 4096 个字符。',
    },
    request_refused: {
      visitor: '本服务器无法满足该应用的请求。',
      operator: '请对照客户端的设置检查请求；追踪记录会写明是哪条规则拒绝了它。',
    },
    unverified_client: {
      visitor: '该应用的请求有误。本站尚未核实由谁运营，因此不会自动把您送回该应用。',
      operator: '确认由谁运营后请核准该客户端（“npx lingpai client approve CLIENT_ID”），之后错误会直接告知应用。',
    },
    access_denied: {
      visitor: '没有提供任何信息，也没有为您登录该应用。',
      operator: '用户没有同意，或无权使用该应用。',
    },
    post_logout_redirect_uri: {
      visitor: '尚未退出登录：应用给出的返回地址没有为该应用登记。',
      operator: '请为该客户端登记完全一致的 post_logout_redirect_uri，或在应用中更正。',
    },
    id_token_hint: {
      visitor: '尚未退出登录：本服务器无法接受应用发来的凭证。',
      operator: 'id_token_hint 必须是本服务器签发给该客户端的 ID 令牌。',
    },
    interaction_expired: {
      visitor: '此次登录已结束：用时过长，或已经完成。请回到应用重新开始。',
      operator: '无需更正；此类页面在登录完成前有效，且不超过配置的交互有效期。',
    },
    interaction_unknown: {
      visitor: '此次登录是在另一个浏览器中开始的。请回到应用重新开始。',
      operator: '如果很多人遇到，请检查代理是否转发 Cookie，以及各节点是否使用同一个数据库。',
    },
    cookies_missing: {
      visitor: '您的浏览器没有送回 Cookie。请允许本站使用 Cookie，然后回到应用重新开始。',
      operator: '如果很多人遇到，请检查代理是否转发 Set-Cookie，以及用户访问的地址是否就是 issuer。',
    },
    cross_site_form: {
      visitor: '该表单并非来自我们的页面，因此没有执行任何操作。',
      operator: '如果经常出现，请检查代理是否原样转发 Host、Origin 和 Sec-Fetch-Site。',
    },
    link_spent: {
      title: '此链接已失效',
      visitor: '此链接已过期、已被新链接取代，或已经打开过（在其他浏览器中，或浏览器后来已关闭）。',
      operator:
        '请在服务器的命令行重新生成链接：设置用“npx lingpai setup-link”，演练用“npx lingpai rehearse CLIENT_ID”。每个链接只能使用一次：设置链接一天内有效，演练链接十分钟内有效。',
    },
    set_up_done: {
      title: '本服务器已完成设置',
      visitor: '设置已经完成，此链接不再有效。要登录，请打开您要使用的应用。',
      operator:
        '今后请在服务器的命令行管理，例如用户：“npx lingpai user list”。如需再次打开设置，请重新生成链接（一天内有效，只能使用一次）：npx lingpai setup-link',
    },
    method_not_allowed: {
      visitor: '此地址不接受这种请求。',
      operator: '请查看回复中的 Allow 头，其中列出了可用的方法。',
    },
    overloaded: {
      visitor: '服务器正忙，请稍后再试。',
      operator: '为保证其余请求的速度，部分请求被拒绝；请检查负载和数据库。',
    },
    database_away: {
      visitor: '服务器暂时无法应答，请稍后再试。',
      operator: '数据库没有应答，因此这次请求可能没有留下追踪记录。日志说明从何时开始，/readyz 说明是否已恢复。',
    },
    server_error: {
      visitor: '这是我们的问题，与您无关。请稍后再试。',
      operator: '日志中此追踪编号下记有原因。',
    },
  },
  notices: {
    overloaded: {
      title: '服务器正忙',
      visitor: '请等待几秒钟，然后重新加载此页面。',
      operator: '为保证其余请求的速度，部分请求被拒绝；请检查负载，以及数据库的响应时间。',
    },
    starting: {
      title: '服务器正在启动',
      visitor: '请等待几秒钟，然后重新加载此页面。',
      operator: '如果长时间停留在此，请查看日志：可能正在等待数据库。',
    },
    body_too_large: {
      title: '内容太大',
      visitor: '您发送的内容超过了此页面的上限，因此没有保存。请返回并减少内容后再发送。',
      operator: '此处的表单最大 64 KiB，本服务器的页面都不会发送这么多内容：请检查是什么生成了这个表单。',
    },
    file_too_large: {
      title: '文件太大',
      visitor: '该文件超过了此页面的上限，因此没有保存。请返回并选择较小的文件。',
      operator: '此处的用户文件最大 16 MiB，更大的文件请在命令行导入：npx lingpai user import users.csv',
    },
    another_file: {
      title: '请重新发送文件',
      visitor: '服务器正在接收另一个文件，因此没有保存您的文件。请等待几秒钟后重新发送。',
      operator: '每个地址同时只能发送一个文件，全部加起来最多四个。',
    },
  },
  misdirected: {
    title: '地址不对',
    message: (issuer: Content) => html`本服务器只在 ${issuer} 提供服务。`,
    operator: '如果这才是正确的地址，请把 issuer 设为它，或将它列为备用地址；如在代理之后，请检查是否转发了 Host。',
    submit: '前往正确的地址',
  },
  notFound: {
    title: '页面不存在',
    message: '此地址没有内容。请检查地址，或回到您想使用的应用重新开始。',
    front: '前往首页',
    account: '前往我的账号',
  },
}
