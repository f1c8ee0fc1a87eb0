import type { Class, ClassElement, Node, PropertyKey, TSEnumDeclaration, TSInterfaceDeclaration } from 'oxc-parser'

import { keyName } from './nodes.ts'
import { bodyOf, decoratedStart, type Decorated, headerText, undecoratedStart, valueText } from './signatures.ts'
import type { JavaScriptSource } from './source.ts'
import type { SymbolCollector } from './symbols.ts'

/** Adds the members of classes, interfaces and enums to the symbols. */
export class MemberCollector {
  readonly #source: JavaScriptSource
  readonly #symbols: SymbolCollector

  constructor(source: JavaScriptSource, symbols: SymbolCollector) {
    this.#source = source
    this.#symbols = symbols
  }

  ofClass(owner: string, node: Class): void {
    for (const element of node.body.body) {
      if (element.type === 'StaticBlock' || element.type === 'TSIndexSignature') continue
      const name = keyName(element.key, element.computed)
      if (name !== null) this.#add(owner, name, element.key, element, ...this.#signature(element))
      if ('kind' in element && element.kind === 'constructor') this.#parameterProperties(owner, element.value.params)
    }
  }

  ofInterface(owner: string, node: TSInterfaceDeclaration): void {
    for (const member of node.body.body) {
      if (member.type !== 'TSPropertySignature' && member.type !== 'TSMethodSignature') continue
      const name = keyName(member.key, member.computed)
      const kind = member.type === 'TSMethodSignature' && member.kind === 'method' ? 'method' : 'property'
      if (name !== null)
        this.#add(owner, name, member.key, member, kind, headerText(this.#source, member.start, member.end, null))
    }
  }

  ofEnum(owner: string, node: TSEnumDeclaration): void {
    for (const member of node.body.members) {
      const { id } = member
      const name = id.type === 'Identifier' ? id.name : id.type === 'Literal' ? id.value : null
      if (name !== null)
        this.#add(owner, name, id, member, 'property', valueText(this.#source, '', member.start, member.end))
    }
  }

  #parameterProperties(owner: string, parameters: readonly Node[]): void {
    for (const parameter of parameters) {
      if (parameter.type !== 'TSParameterProperty') continue
      const binding = parameter.parameter.type === 'AssignmentPattern' ? parameter.parameter.left : parameter.parameter
      if (binding.type !== 'Identifier') continue
      const signature = headerText(this.#source, undecoratedStart(parameter), parameter.end, null)
      this.#add(owner, binding.name, binding, parameter, 'property', signature)
    }
  }

  #signature(
    element: Exclude<ClassElement, { type: 'StaticBlock' | 'TSIndexSignature' }>,
  ): ['method' | 'property', string] {
    const start = undecoratedStart(element)
    if (element.type === 'MethodDefinition' || element.type === 'TSAbstractMethodDefinition') {
      const kind = element.kind === 'get' || element.kind === 'set' ? 'property' : 'method'
      return [kind, headerText(this.#source, start, element.end, element.value.body)]
    }
    const body = bodyOf(element.value)
    if (body !== null) return ['property', headerText(this.#source, start, element.end, body)]
    const annotation = 'typeAnnotation' in element ? (element.typeAnnotation ?? null) : null
    if (annotation !== null) return ['property', headerText(this.#source, start, annotation.end, null)]
    return ['property', valueText(this.#source, '', start, element.end).replace(/;$/, '')]
  }

  #add(
    owner: string,
    name: string,
    key: PropertyKey | Node,
    span: Decorated,
    kind: 'method' | 'property',
    signature: string,
  ): void {
    const whole = { start: decoratedStart(span), end: span.end }
    this.#symbols.add({ name: `${owner}.${name}`, kind, at: key.start, span: whole, exportedAs: [], signature })
  }
}
