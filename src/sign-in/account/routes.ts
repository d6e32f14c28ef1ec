// The addresses of the account page. Off means absent.

import type { Route } from '../../http/routing/route.ts'
import { accountEndpoint } from '../endpoints/account.ts'
import { accountSignInEndpoint } from '../endpoints/account-sign-in.ts'
import { accountSignOutEndpoint } from '../endpoints/account-sign-out.ts'
import { accountWithdrawEndpoint } from '../endpoints/account-withdraw.ts'
import type { SignInParts } from '../parts.ts'
import type { SignInForm } from '../sign-in-form.ts'

export function accountRoutes(parts: SignInParts, form: SignInForm): readonly Route[] {
  const { account: acts, addresses } = parts
  if (acts === null) return []
  const page = (name: string | null, methods: Route['methods'], endpoint: Route['endpoint']): Route => ({
    methods,
    path: name === null ? addresses.path.account : addresses.at('account', name),
    endpoint,
    kind: 'page',
  })
  return [
    page(null, ['GET'], accountEndpoint(parts)),
    page('sign-in', ['GET', 'POST'], accountSignInEndpoint(parts, form)),
    page('withdraw', ['GET', 'POST'], accountWithdrawEndpoint(parts, acts)),
    page('sign-out', ['POST'], accountSignOutEndpoint(parts, acts)),
  ]
}
