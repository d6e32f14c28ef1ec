// lingpai registration-token: what lets somebody register clients (initial access tokens, RFC 7591).

import { Command } from 'commander'
import {
  addRegistrationToken,
  listRegistrationTokens,
  revokeRegistrationToken,
} from '../../administration/registration-tokens.ts'
import { POLICY_KINDS } from '../../model/client/registration-policy.ts'
import { span } from '../../options/kinds.ts'
import type { InitialAccessToken } from '../../store/verbs/initial-access-tokens.ts'
import { collect, type Flags, installationAction, installationCommand, list, text, type Work } from '../command.ts'
import { CommandFailed, EXIT, instant, table } from '../output.ts'

/** What may be named, as the help says it. */
function each(name: 'grantTypes' | 'responseTypes' | 'authMethods'): string {
  return POLICY_KINDS[name].describes.replace(/^a list of /, '').replaceAll('`', '')
}

export function registrationTokenCommand(exit: (code: number) => void): Command {
  const on = (command: Command, run: Work) => installationAction(command, exit, run)
  return new Command('registration-token')
    .description('initial access tokens: they let somebody register clients (option registration.access)')
    .addCommand(
      on(
        installationCommand('create', 'make a token; it is shown once')
          .option('--note <text>', 'for whom, to find it again in the list')
          .option('--expires-in <duration>', 'how long it can be used: 90s, 30m, 12h, 30d', '24h')
          .option('--uses <number>', 'how many clients it registers; "any" for no limit', '1')
          .option('--scope <scope>', 'scopes that its clients may have at most')
          .option('--redirect-host <host>', 'host of their redirect URIs; repeat it for several', collect)
          .option('--grant-type <grant>', `grant they may have; repeat it for several (${each('grantTypes')})`, collect)
          .option(
            '--response-type <type>',
            `response type they may have; repeat it for several (${each('responseTypes')})`,
            collect,
          )
          .option(
            '--auth-method <method>',
            `way of authentication they may have; repeat it for several (${each('authMethods')})`,
            collect,
          )
          .option('--most-redirect-uris <number>', 'redirect URIs that each may have'),
        create,
      ),
    )
    .addCommand(on(installationCommand('list', 'all tokens that are not expired'), listAll))
    .addCommand(
      on(installationCommand('revoke', 'refuse a token from now on; its clients stay').argument('<token-id>'), revoke),
    )
}

const create: Work = async (installation, output, flags) => {
  const note = text(flags['note'])
  const { token, record } = await addRegistrationToken(installation, {
    ...(note !== undefined && { note }),
    lifetime: lifetimeOf(text(flags['expiresIn']) ?? ''),
    uses: usesOf(text(flags['uses']) ?? ''),
    policy: policyOf(flags),
  })
  output.result({ token, ...plain(record) })
  output.say(`Initial access token (shown this once; only its digest is kept):\n\n  ${token}\n`)
  output.say(`It registers ${usesText(record)} until ${instant(record.expiresAt)}, by POST to`)
  output.say(`${installation.addresses.url.register} with the header "authorization: Bearer TOKEN".`)
  if (installation.options.registration.access === 'off') {
    // No refusal, because the server may have been started with options that this command does not see.
    output.note('Registration is off in the options that this command sees. If the server was started without')
    output.note('--registration-access guarded, the token is of no use until it is started anew with it.')
  }
}

function lifetimeOf(written: string): number {
  const parsed = span(1, 3_660 * 86_400).parse(written)
  if ('value' in parsed) return parsed.value
  throw new CommandFailed(EXIT.usage, 'wrong_usage', `--expires-in ${parsed.problem}.`)
}

function usesOf(written: string): number | null {
  if (written === 'any') return null
  if (/^[1-9]\d{0,8}$/.test(written)) return Number(written)
  throw new CommandFailed(EXIT.usage, 'wrong_usage', '--uses must be a number from 1 on, or any.')
}

/** The part of the policy that flags set. For the rest the server's own policy holds. */
function policyOf(flags: Flags): Readonly<Record<string, unknown>> {
  const most = text(flags['mostRedirectUris'])
  const given = {
    scope: text(flags['scope']),
    redirectHosts: list(flags['redirectHost']),
    grantTypes: list(flags['grantType']),
    responseTypes: list(flags['responseType']),
    authMethods: list(flags['authMethod']),
    mostRedirectUris: most === undefined ? undefined : Number(most),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

const listAll: Work = async (installation, output) => {
  const tokens = await listRegistrationTokens(installation)
  output.result(tokens.map(plain))
  output.say(
    tokens.length === 0
      ? 'There are no initial access tokens.'
      : table([
          ['TOKEN ID', 'FOR', 'REGISTERS', 'UNTIL', 'POLICY'],
          ...tokens.map((each) => [
            each.tokenId,
            each.note ?? '',
            usesText(each),
            instant(each.expiresAt),
            Object.keys(each.policy).length === 0 ? "the server's" : JSON.stringify(each.policy),
          ]),
        ]),
  )
}

const revoke: Work = async (installation, output, _, [tokenId = '']) => {
  await revokeRegistrationToken(installation, tokenId)
  output.result({ revoked: tokenId })
  output.say(`The initial access token ${tokenId} is revoked; clients that it registered stay.`)
}

function usesText({ usesLeft }: InitialAccessToken): string {
  if (usesLeft === null) return 'any number of clients'
  return usesLeft === 1 ? '1 client' : `${usesLeft} clients`
}

function plain({ tokenId, note, policy, usesLeft, createdAt, expiresAt }: InitialAccessToken) {
  return {
    token_id: tokenId,
    note,
    policy,
    uses_left: usesLeft,
    created_at: instant(createdAt),
    expires_at: instant(expiresAt),
  }
}
