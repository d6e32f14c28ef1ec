// lingpai trace: why a request was decided as it was.

import { type Command, Option } from 'commander'
import { getClient } from '../../administration/clients.ts'
import { findTrace, listTraces, listTracesClaiming } from '../../administration/trace/read-trace.ts'
import { renderTrace } from '../../administration/trace/render-trace.ts'
import type { Trace } from '../../administration/trace/trace-record.ts'
import type { Store } from '../../store/store.ts'
import { action, installationCommand, mostOf, text, withTips } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { languageOf } from '../language.ts'
import { CommandFailed, EXIT } from '../output.ts'

const NONE = { en: 'No request has been seen yet.', 'zh-CN': '尚未收到任何请求。' } as const

export function traceCommand(exit: (code: number) => void): Command {
  const command: Command = installationCommand('trace', 'the last requests, and which rule decided each')
    .argument('[trace-id]', 'the number that an error page shows')
    .option('--client <client-id>', 'only this client')
    .option('--most <number>', 'how many', '20')
    .addOption(
      new Option('--language <language>', 'of the explanations [that of the terminal]').choices(['en', 'zh-CN']),
    )
  return action(command, exit, async (output, flags, [traceId]) => {
    const installation = await openInstallation(flags)
    const locale = languageOf(flags, output)
    const advised = (advice: string) => withTips(advice, flags)
    const { store } = installation
    const rendered = async (trace: Trace) => {
      const record = trace.clientId === null ? null : await store.findClient(trace.clientId)
      return renderTrace(trace, locale, { advised, client: record?.client ?? null })
    }
    try {
      if (traceId !== undefined) {
        const trace = await findTrace(store, traceId)
        if (trace === null) {
          throw new CommandFailed(
            EXIT.notFound,
            'trace_not_found',
            `There is no trace ${JSON.stringify(traceId.slice(0, 60))}.`,
            'Traces are written within a second and kept for 14 days, 10,000 at most.',
          )
        }
        output.result(trace)
        output.say(await rendered(trace))
        return EXIT.done
      }
      const most = mostOf(flags)
      const clientId = text(flags['client'])
      const traces = await tracesOf(store, most, clientId)
      output.result(traces)
      output.say(traces.length === 0 ? NONE[locale] : (await Promise.all(traces.map(rendered))).join('\n\n'))
      return EXIT.done
    } finally {
      await installation.close()
    }
  })
}

/** Throws `client_not_found` for an id that no client has or had, and that no recorded request has claimed. */
async function tracesOf(store: Store, most: number, clientId: string | undefined): Promise<readonly Trace[]> {
  if (clientId === undefined) return listTraces(store, { most })
  const own = await listTraces(store, { most, clientId })
  if (own.length > 0) return own
  const claiming = await listTracesClaiming(store, { claimed: clientId, most })
  if (claiming.length === 0) await getClient(store, clientId)
  return claiming
}
