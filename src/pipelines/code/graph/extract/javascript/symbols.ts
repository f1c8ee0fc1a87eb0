import { digestOf, signatureOf, type SymbolFact, type SymbolKind } from '../../facts.ts'
import type { JavaScriptSource, Span } from './source.ts'

export interface Definition {
  readonly name: string
  readonly kind: SymbolKind
  /** Offset of the name. */
  readonly at: number
  /** The whole definition with its decorators. */
  readonly span: Span
  readonly exportedAs: readonly string[]
  readonly signature: string
}

interface Draft {
  readonly definition: Definition
  startLine: number
  endLine: number
  readonly exportedAs: Set<string>
  readonly signatures: string[]
  readonly spans: Span[]
  readonly uses: Set<string>
}

/** The symbols of a text. Those of one name and kind are one: overloads, interfaces that are merged. */
export class SymbolCollector {
  readonly #source: JavaScriptSource
  readonly #drafts = new Map<string, Draft>()

  constructor(source: JavaScriptSource) {
    this.#source = source
  }

  /** The set to which what the definition uses is to be added. */
  add(definition: Definition): Set<string> {
    const { span, name, kind } = definition
    const startLine = this.#source.lineAt(span.start)
    const endLine = this.#source.lineAt(Math.max(span.start, span.end - 1))
    const key = `${kind} ${name}`
    const known = this.#drafts.get(key)
    if (known !== undefined) {
      known.startLine = Math.min(known.startLine, startLine)
      known.endLine = Math.max(known.endLine, endLine)
      known.signatures.push(definition.signature)
      known.spans.push(span)
      for (const exported of definition.exportedAs) known.exportedAs.add(exported)
      return known.uses
    }
    const uses = new Set<string>()
    const exportedAs = new Set(definition.exportedAs)
    const signatures = [definition.signature]
    this.#drafts.set(key, { definition, startLine, endLine, exportedAs, signatures, spans: [span], uses })
    return uses
  }

  facts(): SymbolFact[] {
    return [...this.#drafts.values()].map((draft) => {
      const { name, kind, at } = draft.definition
      const source = this.#source
      draft.uses.delete(name)
      return {
        name,
        kind,
        line: this.#source.lineAt(at),
        startLine: draft.startLine,
        endLine: draft.endLine,
        exportedAs: [...draft.exportedAs],
        signature: signatureOf(draft.signatures.join('; ')),
        get digest() {
          return digestOf(draft.spans.map(({ start, end }) => source.fold(start, end)).join('\n'))
        },
        uses: [...draft.uses],
      }
    })
  }
}
