import { InputError, UsageError } from './usage-error.ts'

/** Arguments in, exit code out. */
export type Command = (args: string[]) => Promise<number>

/** A full disk, a folder that may not be written, a port that is taken: the message says all that there is to say. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error

/** Runs a command; faults that a person can mend become one line. @returns the exit code: 0 done, 1 failed, 2 wrong usage */
export const runCommand = async (command: Command, args: string[]): Promise<number> => {
  try {
    return await command(args)
  } catch (error) {
    // a pipe that was closed early (`| head`) is nobody's fault
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0
    if (!(error instanceof UsageError || error instanceof InputError || isSystemError(error)))
      throw error
    console.error(`skyrill: ${error.message}`)
    return error instanceof UsageError ? 2 : 1
  }
}
