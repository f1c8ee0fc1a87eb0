import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { liveWidthOf, wantsColors } from './terminal.ts'

const colors = (env: Record<string, string>, isTerminal: boolean) => wantsColors(readConfig(env).terminal, isTerminal)

describe('colours', () => {
  it('are for terminals, unless NO_COLOR or a dumb terminal forbids them', () => {
    expect([colors({}, true), colors({}, false), colors({ TERM: 'xterm-256color' }, true)]).toEqual([true, false, true])
    expect([colors({ NO_COLOR: '1' }, true), colors({ NO_COLOR: '0' }, true), colors({ TERM: 'dumb' }, true)]).toEqual([
      false,
      false,
      false,
    ])
    expect(colors({ NO_COLOR: '' }, true)).toBe(true)
  })

  it('are forced or forbidden by FORCE_COLOR before everything else', () => {
    for (const value of ['1', '3', 'true'])
      expect(colors({ FORCE_COLOR: value, NO_COLOR: '1', TERM: 'dumb' }, false)).toBe(true)
    for (const value of ['0', 'false']) expect(colors({ FORCE_COLOR: value }, true)).toBe(false)
    expect(colors({ FORCE_COLOR: '' }, true)).toBe(true)
  })
})

describe('a line that is rewritten', () => {
  it('needs a terminal that is not dumb', () => {
    expect(liveWidthOf({ term: 'xterm' }, { isTTY: true, columns: 100 })).toBe(100)
    expect(liveWidthOf({ term: undefined }, { isTTY: true })).toBe(80)
    expect(liveWidthOf({ term: 'dumb' }, { isTTY: true, columns: 100 })).toBeNull()
    expect(liveWidthOf({ term: 'xterm' }, {})).toBeNull()
  })
})
