// The executable: runs the command line and ends with its exit code.

import { runCli } from './cli/index.ts'

// Not process.exit: what is still being written to a pipe would be cut off.
process.exitCode = await runCli(process.argv.slice(2))
