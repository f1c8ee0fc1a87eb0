import { describe, expect, it } from 'vitest'
import { extractComponent } from './component.ts'

const VUE = `<template>
  <Chart :of="a > b" @x="import('./no')" />
</template>
<script>export const shared = 1</script>
<script setup lang="ts" generic="T extends Record<string, 'a>b'>">
import Chart from './Chart.vue'
import type { Point } from './point'
const load = () => import('./lazy')
</script>
<style>@import './x.css';</style>
`

describe('a component', () => {
  it('imports what its scripts import, on the lines where they do', () => {
    const { imports, incomplete } = extractComponent(VUE)
    expect(incomplete).toBe(false)
    expect(imports.map(({ specifier, line, typeOnly }) => [specifier, line, typeOnly])).toEqual([
      ['./Chart.vue', 6, false],
      ['./point', 7, true],
      ['./lazy', 8, false],
    ])
  })

  it('uses in its markup whatever a script names', () => {
    const { moduleUses, symbols } = extractComponent(VUE)
    expect(moduleUses).toEqual(['Chart', 'Point', 'shared', 'load'])
    expect(symbols.map(({ name, line }) => [name, line])).toEqual([
      ['shared', 4],
      ['load', 8],
    ])
  })

  it.each([
    ['', 0],
    ['<template/>', 0],
    ['<script>import a from "a"', 0],
    ['<SCRIPT LANG=ts >import type { A } from "a"</Script >', 1],
    ['<script "', 0],
    ['<script "'.repeat(50_000), 0],
    ['<script>'.repeat(50_000), 0],
  ])('may be broken: %.20s', (text, count) => {
    expect(extractComponent(text).imports.length).toBe(count)
  })
})
