/** A diff that can't be read; the message is for the one who sent it. */
export class DiffError extends Error {
  /** Of the diff, from 1. */
  readonly line: number

  constructor(line: number, message: string) {
    super(`Line ${line}: ${message}`)
    this.name = 'DiffError'
    this.line = line
  }
}
