// The addresses of a host: from DNS, or from what this machine knows.

import { lookup, Resolver } from 'node:dns/promises'

/** Asks over the network instead of using the threads that hash and sign, so that a slow name server delays nobody. */
export async function lookUpPublicly(host: string, signal: AbortSignal): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const both = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    return both.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** An operator's own host may be known to this machine only. */
export async function lookUpLocally(host: string): Promise<readonly string[]> {
  const found = await lookup(host.replace(/^\[|\]$/g, ''), { all: true })
  return found.map(({ address }) => address)
}
