// How long this thread has worked: a bound on the cost of an input that holds on a busy machine too, where the wall
// clock measures the neighbours.

/** Milliseconds of user and system time. */
export function threadTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** The same with the threads beside this one, where passwords are hashed. */
export function processTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
