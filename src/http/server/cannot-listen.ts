// Why a socket cannot be opened, in words for the operator.

/** The server cannot listen there; the message is one sentence for the operator. */
export class CannotListen extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CannotListen'
  }
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** The flags that change where a server listens. */
export interface ListenFlags {
  readonly host: string
  readonly port: string
}

export function cannotListen(
  error: NodeJS.ErrnoException,
  address: ListenAddress,
  flags: ListenFlags = { host: '--host', port: '--port' },
): CannotListen {
  return new CannotListen(whyNot(error, address, flags), { cause: error })
}

function whyNot({ code, name }: NodeJS.ErrnoException, { host, port }: ListenAddress, flags: ListenFlags): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is already in use by another program; stop it or choose another one with ${flags.port}.`
    case 'EACCES':
      return `This user may not listen on port ${port} of ${host}; choose a port above 1023 or grant the right.`
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${host} to listen on; give one that it has with ${flags.host}, or 0.0.0.0 for all.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host name ${host} to listen on cannot be resolved; give an address of this machine with ${flags.host}.`
    default:
      return `Cannot listen on port ${port} of ${host} (${code ?? name}).`
  }
}
