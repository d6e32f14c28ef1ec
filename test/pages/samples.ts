// Every page in a plain and, where it has one, an erroneous state: what the page tests walk through.

import { DATA_KINDS } from '../../src/model/data-kind.ts'
import type { Brand, ErrorAdvice, FormTarget, Frame, Locale, Page, SignInError } from '../../src/pages/index.ts'
import * as pages from '../../src/pages/index.ts'

export const brand: Brand = {
  productName: '星河影视',
  operatorName: '星河影视科技有限公司',
  icp: '京ICP备12345678号-1',
  gongan: { text: '京公网安备 11010802012345号', recordCode: '11010802012345' },
  privacyUrl: 'https://www.example.com/privacy',
  termsUrl: 'https://www.example.com/terms',
}

export function frameIn(locale: Locale, dress: Brand = brand): Frame {
  return { locale, brand: dress, languageHrefs: pages.localizedHrefs('/sso/sign-in/abc', '') }
}

const form: FormTarget = { action: '/sso/sign-in/abc', csrf: 'csrf-0123456789', hidden: { user: 'u1' } }
const client = {
  name: '制作云',
  policyUrl: 'https://cloud.example.com/policy',
  termsUrl: 'https://cloud.example.com/terms',
}
const user = { name: '张三', username: 'zhangsan' }

const reason = {
  en: 'The redirect_uri differs at character 48: `/` added.',
  'zh-CN': 'redirect_uri 在第 48 个字符处不同：多了 `/`。',
}

const administrator: pages.AdministratorView = {
  form,
  values: { username: 'root', name: '', company: '星河影视' },
  isCompanyConfigured: false,
  isThere: false,
  minimumLength: 12,
  problems: {},
}

const values = {
  ClientId: 'k3v9x2m7q1w8e5r4t6y0u3i2o9p8a7s6',
  ClientSecret: 'fakeSecretForTestsOnly0123456789abcdefghijk',
  AuthorizationEndpoint: 'https://sso.example.com/sso/authorize',
  TokenEndpoint: 'https://sso.example.com/sso/token',
  UserInfoEndpoint: 'https://sso.example.com/sso/userinfo',
  Scope: 'openid profile phone',
}

const connect: pages.ConnectView = {
  form,
  name: '制作云',
  twins: [
    { name: '制作云', clientId: 'k3v9x2m7q1w8e5r4t6y0u3i2o9p8a7s6', use: form },
    { name: '星河影视的制作云', clientId: 'tenant-b', use: form },
  ],
  twinCount: 7,
  problems: {},
}

const connected = {
  form,
  clientName: '制作云',
  values,
  callback: 'https://api.vs.tencent.com/Oauth/Login/Callback',
  rotateSecret: 'client rotate-secret k3v9x2m7q1w8e5r4t6y0u3i2o9p8a7s6',
  sameName: null,
  notYet: null,
}

const kinds = [
  { kind: 'identifier', value: '0f8fad5b-d9cb-469f-a165-70867728950e' },
  { kind: 'name', value: '张三' },
  { kind: 'phone', value: pages.maskPhone('+8613800138000'), verified: true },
  { kind: 'email', value: null },
  { kind: 'offline', value: null },
] as const

const result = (passed: boolean) => ({
  passed,
  clientName: '制作云',
  userName: '张三',
  exchanges: [
    {
      endpoint: 'authorize' as const,
      request:
        'GET /sso/authorize?response_type=code&scope=openid%20profile%20phone&client_id=k3v9x2m7q1w8e5r4t6y0u3i2o9p8a7s6&state=anchor%3Dlivepush%26platform%3D1500004462 HTTP/1.1\nhost: sso.example.com',
      reply:
        'HTTP/1.1 302 Found\nlocation: https://api.vs.tencent.com/Oauth/Login/Callback?code=********&state=anchor%3Dlivepush%26platform%3D1500004462',
      lines: [
        {
          state: 'ok' as const,
          clause: 'RFC 6749 §4.1.2',
          text: { en: 'The state comes back unchanged', 'zh-CN': 'state 原样返回' },
        },
        { state: 'ok' as const, clause: 'RFC 6749 §4.1.2', text: { en: 'There is a code', 'zh-CN': '返回了授权码' } },
      ],
    },
    {
      endpoint: 'token' as const,
      request: 'POST /sso/token HTTP/1.1\nauthorization: Basic ********\n\ngrant_type=authorization_code&code=********',
      reply: 'HTTP/1.1 200 OK\n\n{"access_token":"********","token_type":"Bearer","expires_in":3600}',
      lines: [
        {
          state: 'ok' as const,
          clause: 'RFC 6749 §5.1',
          text: { en: 'token_type is Bearer', 'zh-CN': 'token_type 为 Bearer' },
        },
      ],
    },
    {
      endpoint: 'userinfo' as const,
      request: 'GET /sso/userinfo HTTP/1.1\nauthorization: Bearer ********',
      reply: 'HTTP/1.1 200 OK\n\n{"user_id":"0f8fad5b-d9cb-469f-a165-70867728950e","name":"张三"}',
      lines: [
        {
          state: 'ok' as const,
          clause: '制作云 §1.3',
          text: { en: 'user_id is a string and not empty', 'zh-CN': 'user_id 为非空字符串' },
        },
        passed
          ? {
              state: 'note' as const,
              clause: '制作云 §1.3',
              text: 'phone_number_verified',
              explanation: { en: 'The number has not been confirmed.', 'zh-CN': '号码尚未验证。' },
            }
          : {
              state: 'bad' as const,
              clause: '制作云 §1.3',
              text: 'phone_number',
              explanation: { en: 'This person has no phone number.', 'zh-CN': '该用户没有手机号。' },
            },
      ],
    },
  ],
  known: [
    { claim: 'user_id', value: '0f8fad5b-d9cb-469f-a165-70867728950e', kind: 'identifier' as const },
    { claim: 'name', value: '张三', kind: 'name' as const },
    { claim: 'phone_number', value: '138****8000', kind: 'phone' as const },
    { claim: 'phone_number_verified', value: 'true', kind: 'phone' as const, isVerification: true },
  ],
})

const checks = [
  {
    what: 'issuer',
    state: 'ok' as const,
    explanation: { en: 'The address answers and names itself.', 'zh-CN': '该地址有应答，且自称一致。' },
  },
  {
    what: { en: 'Certificate chain', 'zh-CN': '证书链' },
    state: 'bad' as const,
    explanation: { en: 'The intermediate certificate is missing.', 'zh-CN': '缺少中间证书。' },
  },
  {
    what: { en: 'Proxy headers', 'zh-CN': '代理头' },
    state: 'warn' as const,
    explanation: { en: 'X-Forwarded-Proto was not seen.', 'zh-CN': '没有看到 X-Forwarded-Proto。' },
  },
  {
    what: { en: 'From the internet', 'zh-CN': '从公网' },
    state: 'unknown' as const,
    explanation: { en: 'Only a request from outside can tell.', 'zh-CN': '只有外部请求才能确认。' },
  },
]
const urls = [
  { name: 'Token', url: 'https://sso.example.com/sso/token', from: 'tencent' as const },
  { name: 'UserInfo', url: 'https://sso.example.com/sso/userinfo', from: 'tencent' as const },
  { name: 'Authorization', url: 'https://sso.example.com/sso/authorize', from: 'browsers' as const },
]
const person = {
  form,
  importForm: form,
  skip: null,
  values: { username: '', name: '', phone: '', phoneVerified: false, passwordTemporary: false },
  problems: {},
  minimumLength: 8,
  csv: '',
  passwordsTemporary: false,
  peopleWithoutPhone: 0,
  badRows: [],
  people: 0,
}
const rehearsal = {
  form,
  clientName: '制作云',
  users: [{ value: 'u1', label: '张三 (zhangsan)' }],
  chosen: 'u1',
  problems: {},
  next: null,
}
const account = {
  user,
  done: null,
  now: 1_764_400_000,
  zone: 'Asia/Shanghai',
  applications: [
    {
      client: { ...client, logo: '/sso/client-logo/x/y/z.png' },
      since: 1_760_000_000,
      kinds: [{ kind: 'identifier' as const }, { kind: 'name' as const }, { kind: 'phone' as const }],
      resources: [],
      withdrawHref: '/sso/account/withdraw?client_id=a',
    },
    {
      client: { name: 'Wiki' },
      since: 1_764_000_000,
      kinds: [
        { kind: 'identifier' as const },
        { kind: 'custom' as const, label: 'department' },
        { kind: 'offline' as const },
      ],
      resources: [
        { name: 'Tools', scope: ['files.read'] },
        { name: 'urn:example:jobs', scope: [] },
      ],
      withdrawHref: '/sso/account/withdraw?client_id=b',
    },
  ],
  sessions: [
    {
      value: 'se_1',
      isHere: true,
      since: 1_764_399_000,
      lastUsed: 1_764_399_970,
      browser: { browser: 'chrome', system: 'windows' } as const,
      applications: ['制作云', 'Wiki'],
    },
    {
      value: 'se_3',
      isHere: false,
      since: 1_764_100_000,
      lastUsed: 1_764_300_000,
      browser: { browser: 'wechat', system: 'iphone' } as const,
      applications: [],
    },
    { value: 'se_2', isHere: false, since: 1_764_000_000, lastUsed: 1_764_200_000, applications: [] },
  ],
  signOutThere: form,
  signOutHref: '/sso/end-session',
  anotherHref: '/sso/account/sign-in',
  passwordHref: '/sso/account/password',
}
const signIn = { form, client, username: '', cancel: form }

export const signInErrors: readonly SignInError[] = [
  'wrong_credentials',
  'username_missing',
  'password_missing',
  'user_disabled',
  'other_user_expected',
  'choice_expired',
]

export const advices: readonly ErrorAdvice[] = [
  'unknown_client',
  'redirect_uri_missing',
  'redirect_uri_mismatch',
  'request_malformed',
  'request_too_large',
  'request_refused',
  'unverified_client',
  'access_denied',
  'post_logout_redirect_uri',
  'id_token_hint',
  'interaction_expired',
  'interaction_unknown',
  'cookies_missing',
  'cross_site_form',
  'link_spent',
  'set_up_done',
  'method_not_allowed',
  'overloaded',
  'database_away',
  'server_error',
]

/** A name, the page, and the ids that tools rely on. */
export interface Sample {
  readonly name: string
  readonly page: (frame: Frame) => Page
  readonly ids: readonly string[]
}

const sample = (name: string, ids: string, page: (frame: Frame) => Page): Sample => ({
  name,
  page,
  ids: ids.split(' '),
})

const PASSWORD_FIELDS = 'current-password new-password new-password-again'
const password: pages.PasswordView = {
  form,
  user,
  minimumLength: 8,
  remember: false,
  error: null,
  wait: null,
  backHref: '/sso/account',
}

export const samples: readonly Sample[] = [
  sample('sign-in', 'username password remember login-submit login-cancel client-policy client-terms', (f) =>
    pages.signInPage(signIn, f),
  ),
  sample('sign-in error', 'username password login-submit sign-in-error', (f) =>
    pages.signInPage({ ...signIn, username: 'zhangsan', remember: true, error: 'wrong_credentials' }, f),
  ),
  sample('sign-in again', 'username password login-submit', (f) =>
    pages.signInPage({ ...signIn, knownUser: 'zhangsan' }, f),
  ),
  sample('sign-in own', 'username password login-submit', (f) =>
    pages.signInPage({ form, client: null, username: '', cancel: null }, f),
  ),
  sample('sign-in unverified', 'username password login-submit client-unverified client-logo', (f) =>
    pages.signInPage(
      { ...signIn, client: { ...client, logo: '/sso/client-logo/x/y/z.png', unverifiedTarget: 'app.example.com' } },
      f,
    ),
  ),
  sample('leave', 'leave-continue', (f) =>
    pages.leavePage({ client, href: 'https://app.example.com/start', target: 'app.example.com' }, f),
  ),
  sample('wait', 'username password login-submit sign-in-wait', (f) =>
    pages.waitPage({ ...signIn, username: 'zhangsan', seconds: 8 }, f),
  ),
  sample('choose-account', 'account-1 account-2 account-other', (f) =>
    pages.chooseAccountPage(
      {
        form,
        client,
        accounts: [
          { value: 'a', ...user },
          { value: 'b', name: 'Li Si', username: 'lisi' },
        ],
        cancel: form,
      },
      f,
    ),
  ),
  sample('consent', 'consent-allow consent-deny switch-user', (f) =>
    pages.consentPage(
      {
        form,
        client,
        recipient: '腾讯云计算（北京）有限责任公司',
        contact: 'cloud_noreply@tencent.example',
        purpose: '登录制作云，创建或绑定您的账号',
        user,
        kinds,
        accountHref: '/sso/account',
        switchUser: form,
      },
      f,
    ),
  ),
  sample('consent notice', 'consent-allow consent-deny', (f) =>
    pages.consentPage(
      {
        form,
        client,
        recipient: null,
        contact: null,
        purpose: null,
        identity: 'tools.example.com',
        resources: [
          { name: 'Tools', identifier: 'https://tools.example.com/mcp', scope: ['tools', 'files.read'] },
          { name: 'urn:example:jobs', identifier: 'urn:example:jobs', scope: [] },
        ],
        user,
        kinds: DATA_KINDS.map((kind) => ({ kind, ...(kind === 'custom' && { label: 'department' }) })),
        notice: 'user_changed',
      },
      f,
    ),
  ),
  sample('sign-out', 'logout-confirm logout-cancel', (f) =>
    pages.signOutPage({ form, client, user, accountHref: '/sso/account' }, f),
  ),
  sample('sign-out error', 'logout-confirm logout-cancel', (f) =>
    pages.signOutPage({ form, client: null, user, notice: 'form_expired' }, f),
  ),
  sample('device', 'user-code device-continue', (f) =>
    pages.deviceCodePage({ form, typed: '', error: null, wait: null }, f),
  ),
  sample('device unknown', 'device-error user-code device-continue', (f) =>
    pages.deviceCodePage({ form, typed: 'WDJB-MJHT', error: 'unknown', wait: null }, f),
  ),
  sample('device wait', 'device-wait user-code device-continue', (f) =>
    pages.deviceCodePage({ form, typed: 'WDJB-MJHT', error: null, wait: 420 }, f),
  ),
  sample('device confirm', 'shown-code device-allow device-deny', (f) =>
    pages.deviceConfirmPage({ form, client, userCode: 'WDJB-MJHT' }, f),
  ),
  sample('device allowed', 'device-done', (f) => pages.deviceDonePage({ isAllowed: true }, f)),
  sample('device denied', 'device-done', (f) => pages.deviceDonePage({ isAllowed: false }, f)),
  sample('signed-out', 'logout-continue', (f) =>
    pages.signedOutPage({ client, continueHref: 'https://client.example/out?state=1' }, f),
  ),
  sample('signed-out here', 'way-on', (f) =>
    pages.signedOutPage({ client: null, accountHref: '/sso/account', frontHref: '/' }, f),
  ),
  sample('signed-out stayed', 'account', (f) =>
    pages.signedOutPage({ client: null, stayed: true, accountHref: '/sso/account' }, f),
  ),
  sample('account', 'password another withdraw-1 withdraw-2 here sign-out-here sign-out-2 sign-out-elsewhere', (f) =>
    pages.accountPage(account, f),
  ),
  sample('account done', 'done', (f) =>
    pages.accountPage({ ...account, done: { kind: 'withdrawn', client: '制作云' } }, f),
  ),
  sample('account empty', 'no-applications nowhere-else', (f) =>
    pages.accountPage(
      { ...account, applications: [], sessions: account.sessions.slice(0, 1), done: { kind: 'signed_out_elsewhere' } },
      f,
    ),
  ),
  sample('account with nothing to withdraw', 'no-applications sign-out-elsewhere', (f) =>
    pages.accountPage({ ...account, applications: [] }, f),
  ),
  sample('password', `${PASSWORD_FIELDS} remember password-submit password-cancel`, (f) =>
    pages.passwordPage(password, f),
  ),
  sample('password first', 'new-password new-password-again password-submit login-cancel', (f) =>
    pages.firstPasswordPage({ form, client, user, minimumLength: 8, error: null, cancel: form }, f),
  ),
  sample('password first error', 'new-password new-password-again password-submit password-error', (f) =>
    pages.firstPasswordPage(
      { form, client: null, user, minimumLength: 8, error: { field: 'next', fault: 'too_common' }, cancel: null },
      f,
    ),
  ),
  sample('password error', `${PASSWORD_FIELDS} password-submit password-error`, (f) =>
    pages.passwordPage({ ...password, error: { field: 'next', fault: 'too_short' } }, f),
  ),
  sample('password differs', `${PASSWORD_FIELDS} password-submit password-error`, (f) =>
    pages.passwordPage({ ...password, error: { field: 'again', fault: 'differs' } }, f),
  ),
  sample('password wait', `${PASSWORD_FIELDS} password-submit password-wait`, (f) =>
    pages.passwordPage({ ...password, wait: 30 }, f),
  ),
  sample('withdraw', 'withdraw-confirm withdraw-cancel', (f) =>
    pages.withdrawPage({ form, client, contact: 'privacy@cloud.example.com', user, backHref: '/sso/account' }, f),
  ),
  sample('error', 'error-code error-description trace-id', (f) =>
    pages.errorPage(
      {
        status: 400,
        code: 'invalid_request',
        description: 'redirect_uri is not registered for this client',
        traceId: 'tr_4k2m9x7q1w8e',
        advice: 'redirect_uri_mismatch',
      },
      f,
    ),
  ),
  ...(['overloaded', 'starting', 'body_too_large', 'file_too_large', 'another_file'] as const).map((notice) =>
    sample(`notice ${notice}`, 'notice', (f) => pages.noticePage({ status: 503, notice }, f)),
  ),
  sample('misdirected', 'continue', (f) =>
    pages.misdirectedPage({ issuer: 'https://sso.example.com', href: 'https://sso.example.com/sso/authorize?x=1' }, f),
  ),
  sample('front', 'main', (f) => pages.frontPage({ setUpIsOpen: false, accountHref: '/sso/account' }, f)),
  sample('front before the set-up', 'set-up-open', (f) => pages.frontPage({ setUpIsOpen: true }, f)),
  sample('not-found', 'trace-id way-on', (f) => pages.notFoundPage({ traceId: 'tr_404', frontHref: '/' }, f)),
  sample('not-found without a front page', 'trace-id way-on', (f) =>
    pages.notFoundPage({ traceId: 'tr_404', accountHref: '/sso/account' }, f),
  ),
  sample('open set-up', 'open', (f) => pages.openLinkPage({ form, purpose: 'set_up', hours: 2 }, f)),
  sample('open rehearsal', 'open', (f) => pages.openLinkPage({ form, purpose: 'rehearsal', hours: 1 }, f)),
  sample('set-up 1', 'username name company password password_again continue', (f) =>
    pages.administratorPage({ ...administrator, values: { username: '', name: '', company: '' } }, f),
  ),
  sample('set-up 1 once more', 'username name company continue', (f) =>
    pages.administratorPage({ ...administrator, isCompanyConfigured: true, isThere: true }, f),
  ),
  sample('set-up 1 error', 'problems username-error company-error password-error password_again-error', (f) =>
    pages.administratorPage(
      {
        ...administrator,
        problems: {
          username: { problem: 'username_taken' },
          company: { problem: 'label_forbidden' },
          password: { problem: 'too_short', limit: 12 },
          password_again: { problem: 'passwords_differ' },
        },
      },
      f,
    ),
  ),
  sample('set-up 2', 'issuer check address-note checks continue', (f) =>
    pages.publicAddressPage(
      { form, issuer: 'https://sso.example.com', problems: {}, checks, mustRestart: false, urls },
      f,
    ),
  ),
  sample('set-up 2 error', 'issuer-error', (f) =>
    pages.publicAddressPage(
      {
        form,
        issuer: 'http://sso.example.com',
        problems: { issuer: { problem: 'text', text: reason } },
        checks: [],
        mustRestart: false,
        urls: [],
      },
      f,
    ),
  ),
  sample('set-up 3', 'name continue', (f) => pages.connectPage({ ...connect, twins: [], twinCount: 0 }, f)),
  sample('set-up 3 twins', 'twins use-1 use-2 name continue', (f) => pages.connectPage(connect, f)),
  sample('set-up 3 twin', 'twins use-1 name continue', (f) =>
    pages.connectPage({ ...connect, twins: connect.twins.slice(0, 1), twinCount: 1 }, f),
  ),
  sample('set-up 3 error', 'name-error', (f) =>
    pages.connectPage({ ...connect, name: '', problems: { name: { problem: 'required' } } }, f),
  ),
  sample(
    'set-up 3 values',
    'ClientId ClientSecret AuthorizationEndpoint TokenEndpoint UserInfoEndpoint Scope callback continue',
    (f) => pages.connectedPage(connected, f),
  ),
  sample('set-up 3 out of reach', 'not-yet out_of_reach choose-address ClientSecret continue', (f) =>
    pages.connectedPage(
      {
        ...connected,
        notYet: {
          issuer: 'http://localhost:4000',
          fault: 'out_of_reach',
          running: null,
          addressHref: '/set-up/address',
        },
      },
      f,
    ),
  ),
  sample('set-up 3 restart', 'not-yet check_failed choose-address restart ClientSecret continue', (f) =>
    pages.connectedPage(
      {
        ...connected,
        notYet: {
          issuer: 'https://sso.example.com',
          fault: 'check_failed',
          running: 'http://localhost:4000',
          addressHref: '/set-up/address',
        },
      },
      f,
    ),
  ),
  sample('set-up 3 same name', 'same-name ClientSecret continue', (f) =>
    pages.connectedPage({ ...connected, sameName: { en: 'It is there twice', 'zh-CN': '已有同名应用' } }, f),
  ),
  sample('set-up 3 again', 'ClientId six-values', (f) =>
    pages.connectedPage({ ...connected, values: { ...values, ClientSecret: null } }, f),
  ),
  sample('set-up 4', 'username name phone phone_verified password file csv import continue', (f) =>
    pages.firstPersonPage(person, f),
  ),
  sample('set-up 4 one person', 'skip-hint skip', (f) =>
    pages.firstPersonPage({ ...person, skip: form, people: 1, onlyPerson: 'zhang.wei', peopleWithoutPhone: 1 }, f),
  ),
  sample('set-up 4 error', 'bad-rows phone-error skip', (f) =>
    pages.firstPersonPage(
      {
        ...person,
        people: 3,
        peopleWithoutPhone: 2,
        skip: form,
        problems: { phone: { problem: 'phone_taken' } },
        csv: 'username,phone\nlisi,1.38E+10',
        badRows: [
          {
            line: 2,
            reason: {
              en: 'Excel rounded the phone number (1.38E+10): format the column as text.',
              'zh-CN': 'Excel 把手机号变成了 1.38E+10：请将该列设为文本格式。',
            },
          },
        ],
        badRowCount: 12,
      },
      f,
    ),
  ),
  sample('set-up 4 gaps', 'gaps anyway import', (f) =>
    pages.firstPersonPage(
      {
        ...person,
        gaps: {
          withoutPhone: { count: 12, lines: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
          unverifiedPhone: { count: 1, lines: [14] },
          wasFile: true,
        },
      },
      f,
    ),
  ),
  sample('set-up 5', 'user rehearse', (f) => pages.setUpRehearsalPage({ ...rehearsal, result: null, next: form }, f)),
  sample('set-up 5 passed', 'verdict authorize token userinfo known rehearse continue', (f) =>
    pages.setUpRehearsalPage({ ...rehearsal, result: result(true), next: form }, f),
  ),
  sample('rehearsal qualified', 'verdict known rehearse', (f) =>
    pages.rehearsalPage({ ...rehearsal, result: { ...result(true), warnings: [reason] } }, f),
  ),
  sample('rehearsal failed', 'verdict known rehearse', (f) =>
    pages.rehearsalPage({ ...rehearsal, result: result(false) }, f),
  ),
  sample('rehearsal error', 'user user-error', (f) =>
    pages.rehearsalPage({ ...rehearsal, users: [], problems: { user: { problem: 'user_unknown' } }, result: null }, f),
  ),
  sample('waiting', 'requests refresh pause finish request-token', (f) =>
    pages.waitingPage(
      {
        clientName: '制作云',
        requests: [
          { endpoint: 'authorize', state: 'ok', secondsAgo: 95 },
          {
            endpoint: 'token',
            state: 'refused',
            secondsAgo: 12,
            rule: 'redirect_uri_mismatch',
            clause: 'RFC 6749 §4.1.3',
            reason,
            traceId: 'tr_9',
          },
          { endpoint: 'userinfo', state: 'waiting' },
        ],
        done: false,
        outOfReach: null,
        refreshHref: '/set-up/waiting',
        finish: form,
      },
      f,
    ),
  ),
  sample('waiting out of reach', 'lead requests refresh finish', (f) =>
    pages.waitingPage(
      {
        clientName: '制作云',
        requests: [{ endpoint: 'authorize', state: 'waiting' }],
        done: false,
        outOfReach: 'http://localhost:4000',
        refreshHref: '/set-up/waiting',
        finish: form,
      },
      f,
    ),
  ),
  sample('waiting done', 'requests verdict finish', (f) =>
    pages.waitingPage(
      {
        clientName: '制作云',
        requests: [
          { endpoint: 'authorize', state: 'ok', secondsAgo: 40 },
          { endpoint: 'token', state: 'ok', secondsAgo: 3 },
          { endpoint: 'userinfo', state: 'ok', secondsAgo: 1 },
        ],
        done: true,
        outOfReach: null,
        refreshHref: '/set-up/waiting',
        finish: form,
      },
      f,
    ),
  ),
  sample('waiting finished', 'requests finished', (f) =>
    pages.waitingPage(
      {
        clientName: '制作云',
        requests: [],
        done: false,
        outOfReach: null,
        refreshHref: '/set-up/waiting',
        finish: null,
      },
      f,
    ),
  ),
]
