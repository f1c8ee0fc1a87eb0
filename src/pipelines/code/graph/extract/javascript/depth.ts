/**
 * The native parser recurses, and a stack that overflows there ends the process: from about 1,500 levels in a worker's 4 MB.
 * Hand-written code stays under 50.
 */
const MAX_DEPTH = 500
/** Statements and unary operators nest without brackets, as in `if (a) if (a)`: longest text that can be one of them. */
const MAX_UNBROKEN = 4000
/** Shorter text need not be looked at for its breaks. */
const NEARLY_UNBROKEN = 1000

const CODE = {
  newline: 10,
  quote: 34,
  dollar: 36,
  apostrophe: 39,
  star: 42,
  comma: 44,
  slash: 47,
  semicolon: 59,
  leftAngle: 60,
  equals: 61,
  rightAngle: 62,
  backslash: 92,
  backtick: 96,
  left: 123,
  right: 125,
} as const

const OPEN = 1
const CLOSE = 2
/** Each can nest without a bracket: conditional chains, arrows, type arguments and elements, unary operators. */
const NESTING = 3
const OTHER = 4
const SPACING = 5
/** What a character means, by its code; 0 for most. */
const MEANINGS = new Uint8Array(128)
for (const [meaning, characters] of [
  [OPEN, '([{'],
  [CLOSE, ')]}'],
  [NESTING, '?<!~='],
  [OTHER, '"\'`/;,'],
  [SPACING, ' \t\n'],
] as const) {
  for (let at = 0; at < characters.length; at++) MEANINGS[characters.charCodeAt(at)] = meaning
}

/** After one of them a slash begins a regular expression. */
const BEFORE_PATTERN = '(,=:[!&|?{};+-*%~^<>'
const PATTERN = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//y
/** After one of them a line can begin a statement. */
const AFTER_EXPRESSION = /[\w$}\])'"`,]/
const STATEMENT =
  /\n\s{0,99}(?!(?:else|if|for|while|do|with|new|typeof|void|delete|await|yield|keyof|as)\b)[\w$@}/'"*]/y
/** Text between elements, line by line. */
const ELEMENT = /\n\s{0,99}[<\w]/y

/** Whether a recursive parser could run out of stack. A light lexer: what it takes wrongly it counts too high as a rule. */
export function isTooDeep(text: string): boolean {
  return new DepthScan(text).run()
}

interface Level {
  readonly chain: number
  /** Length of the text without a break before the bracket. */
  readonly unbroken: number
}

class DepthScan {
  readonly #text: string
  #at = 0
  /** Last character that is no white space. */
  #before: number = CODE.semicolon
  /** With the chains around the present level. */
  #depth = 0
  /** Nesting without brackets at this level. */
  #chain = 0
  /** Where the text without a break began at this level, were there no brackets, strings and comments in it. */
  #breakAt = 0
  readonly #levels: Level[] = []
  /** Levels at which a template resumes when its `${` closes. */
  readonly #templates: number[] = []

  constructor(text: string) {
    this.#text = text
  }

  run(): boolean {
    const text = this.#text
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      const meaning = code < 128 ? MEANINGS[code] : 0
      if (meaning === SPACING) {
        if (code === CODE.newline && (this.#chain > 0 || this.#at - this.#breakAt > NEARLY_UNBROKEN)) this.#newline()
        continue
      }
      if (meaning !== 0) {
        if (meaning === OPEN) this.#open()
        else if (meaning === CLOSE) this.#close(code)
        else if (meaning === NESTING) this.#nest(code, text.charCodeAt(this.#at + 1))
        else if (code === CODE.slash && this.#skipSlash()) continue
        else this.#skipText(code)
        if (this.#depth + this.#chain > MAX_DEPTH) return true
      }
      if (this.#at - this.#breakAt > MAX_UNBROKEN) return true
      this.#before = code
    }
    return false
  }

  #nest(code: number, next: number): void {
    if (code === CODE.leftAngle && next === CODE.slash) this.#endElement()
    else if (code !== CODE.equals || next === CODE.rightAngle) this.#chain++
  }

  #endElement(): void {
    this.#chain = Math.max(0, this.#chain - 1)
  }

  #skipText(code: number): void {
    if (code === CODE.quote || code === CODE.apostrophe) this.#skipQuoted(code)
    else if (code === CODE.backtick) this.#skipTemplate()
    else if (code === CODE.comma) this.#breakAt = this.#at
    else if (code === CODE.semicolon) this.#break()
  }

  /** A line that begins with a word after a whole expression begins a statement or a member. */
  #newline(): void {
    STATEMENT.lastIndex = this.#at
    ELEMENT.lastIndex = this.#at
    const before = String.fromCharCode(this.#before)
    if (AFTER_EXPRESSION.test(before) && STATEMENT.test(this.#text)) this.#break()
    else if ((before === '>' || before === '.') && ELEMENT.test(this.#text)) this.#breakAt = this.#at
  }

  #break(): void {
    this.#chain = 0
    this.#breakAt = this.#at
  }

  #open(): void {
    this.#depth += this.#chain + 1
    this.#levels.push({ chain: this.#chain, unbroken: this.#at - this.#breakAt })
    this.#break()
  }

  #close(code: number): void {
    const level = this.#levels.pop()
    if (level === undefined) return
    this.#depth -= level.chain + 1
    this.#chain = level.chain
    this.#breakAt = this.#at - level.unbroken
    if (code === CODE.right && this.#templates.at(-1) === this.#levels.length) {
      this.#templates.pop()
      this.#skipTemplate()
    }
  }

  #skipTo(at: number): void {
    this.#breakAt += at - this.#at
    this.#at = at
  }

  /** Ends at the line's end at the latest: an apostrophe in the text of an element opens nothing. */
  #skipQuoted(quote: number): void {
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === CODE.backslash) at++
      else if (code === CODE.newline) return
      else if (code === quote) return this.#skipTo(at)
    }
  }

  #skipTemplate(): void {
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === CODE.backslash) at++
      else if (code === CODE.backtick) return this.#skipTo(at)
      else if (code === CODE.dollar && this.#text.charCodeAt(at + 1) === CODE.left) {
        this.#skipTo(at + 1)
        this.#templates.push(this.#levels.length)
        return this.#open()
      }
    }
  }

  /** Whether it was a comment. */
  #skipSlash(): boolean {
    const next = this.#text.charCodeAt(this.#at + 1)
    if (next === CODE.slash) {
      const end = this.#text.indexOf('\n', this.#at)
      this.#skipTo((end === -1 ? this.#text.length : end) - 1)
      return true
    }
    if (next === CODE.star) {
      const end = this.#text.indexOf('*/', this.#at + 2)
      this.#skipTo(end === -1 ? this.#text.length : end + 1)
      return true
    }
    if (next === CODE.rightAngle) this.#endElement()
    else if (BEFORE_PATTERN.includes(String.fromCharCode(this.#before))) {
      PATTERN.lastIndex = this.#at
      const found = PATTERN.exec(this.#text)
      if (found !== null) this.#skipTo(this.#at + found[0].length - 1)
    }
    return false
  }
}
