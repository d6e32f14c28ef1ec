// The addresses of the account page. Off means absent.

import { redirect } from '../../http/reply/replies.ts'
import type { Route } from '../../http/routing/route.ts'
import type { PasswordCheck } from '../by-password/check.ts'
import type { SignInForm } from '../by-password/form.ts'
import { accountEndpoint } from '../endpoints/account.ts'
import { accountPasswordEndpoint } from '../endpoints/account-password.ts'
import { accountSignInEndpoint } from '../endpoints/account-sign-in.ts'
import { accountSignOutEndpoint } from '../endpoints/account-sign-out.ts'
import { accountWithdrawEndpoint } from '../endpoints/account-withdraw.ts'
import type { SignInParts } from '../parts.ts'

export function accountRoutes(parts: SignInParts, form: SignInForm, check: PasswordCheck): readonly Route[] {
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
    page('password', ['GET', 'POST'], accountPasswordEndpoint(parts, check)),
    page('withdraw', ['GET', 'POST'], accountWithdrawEndpoint(parts, acts)),
    page('sign-out', ['POST'], accountSignOutEndpoint(parts, acts)),
    {
      methods: ['GET'],
      path: addresses.wellKnown.password,
      endpoint: async () => redirect(303, addresses.at('account', 'password')),
      kind: 'page',
    },
  ]
}
