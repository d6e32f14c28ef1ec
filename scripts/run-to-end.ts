// Programs that a script starts and waits for: a signal to the script is one to them, and the script ends as they do.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It could not be started. */
  readonly error: Error | null
  /** The signal that this script received while the program ran. After it, nothing more should be started. */
  readonly told: NodeJS.Signals | null
}

const HANDED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** `onStart` is called before anything can have been said. */
export async function runToEnd(
  command: string,
  words: readonly string[],
  options: SpawnOptions,
  onStart: (child: ChildProcess) => void = () => undefined,
): Promise<End> {
  const child = spawn(command, words, options)
  onStart(child)
  let told: NodeJS.Signals | null = null
  const handOn = (signal: NodeJS.Signals) => {
    told = signal
    // A terminal sends Ctrl-C and Ctrl-\ to both of us.
    const isFromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')
    if (!isFromTerminal) child.kill(signal)
  }
  for (const signal of HANDED_ON) process.on(signal, handOn)
  const end = await new Promise<Omit<End, 'told'>>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }))
    child.once('close', (code, signal) => resolve({ code, signal, error: null }))
  })
  for (const signal of HANDED_ON) process.off(signal, handOn)
  return { ...end, told }
}

/** Ends this process in the same way as the program: by the same signal or exit code. */
export function endAs({ code, signal }: Pick<End, 'code' | 'signal'>): never {
  if (signal !== null) process.kill(process.pid, signal)
  process.exit(code ?? 1)
}

/**
 * npm starts scripts through a shell and hands SIGTERM to that shell alone, which dies of it without telling anybody. What
 * shows it is that this process gets another parent.
 */
export function endWithNpm(): void {
  if (!process.env['npm_command'] || process.platform === 'win32') return
  const shell = process.ppid
  const look = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(look)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  // A script that has finished ends.
  look.unref()
}
