import type { Style } from './text.ts'

export interface Output {
  write(text: string): unknown
}

/** Where a command writes: results to `out`, everything beside them to `err`. */
export interface Terminal extends Style {
  readonly out: Output
  readonly err: Output
  /** People read it and can answer. */
  readonly isTty: boolean
}

export interface TerminalOptions {
  readonly stdout: Output
  readonly stderr: Output
  readonly isTty: boolean
  readonly noColor: boolean
  readonly columns: number | undefined
}

export function createTerminal({ stdout, stderr, isTty, noColor, columns }: TerminalOptions): Terminal {
  return {
    out: stdout,
    err: stderr,
    isTty,
    color: isTty && !noColor,
    width: isTty ? Math.max(40, columns ?? 80) : null,
  }
}

const BAR_CELLS = 24
const CLEAR_LINE = '\r\u001B[2K'

/** One line that is rewritten on a terminal; elsewhere each new text is a line of its own. */
export interface ProgressLine {
  show(text: string, part: number | null): void
  end(): void
}

export function createProgressLine(terminal: Terminal): ProgressLine {
  let last = ''
  return {
    show: (text, part) => {
      if (text === last) return
      last = text
      if (terminal.isTty) terminal.err.write(`${CLEAR_LINE}${part === null ? '' : `${bar(part)} `}${text}`)
      else terminal.err.write(`${text}\n`)
    },
    end: () => {
      if (terminal.isTty && last !== '') terminal.err.write(CLEAR_LINE)
    },
  }
}

function bar(part: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * BAR_CELLS)
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
}
