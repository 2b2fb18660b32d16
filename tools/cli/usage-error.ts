/** What the person typed cannot be done: printed without a stack, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The input or the machine is at fault: printed without a stack, exit code 1. */
export class InputError extends Error {
  override name = 'InputError'
}
