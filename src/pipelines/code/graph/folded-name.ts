/** What a symbol is looked up by: the last part of its name, in lower case. */
export function foldedName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase()
}
