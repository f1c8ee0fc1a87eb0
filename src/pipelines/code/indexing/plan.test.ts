import { describe, expect, it } from 'vitest'
import type { TreeFile } from '../git/tree.ts'
import { groupBlobs, shardsToMerge, type Live } from './plan.ts'

function filesOf(count: number, sizeBytes: number): TreeFile[] {
  return Array.from({ length: count }, (_, i) => ({ path: `f${i}`, sha: String(i), sizeBytes }))
}

function liveOf(groups: readonly string[][], sizeBytes: number): Map<string, Live> {
  return new Map(groups.map((shas, i) => [String(i), { bytes: shas.length * sizeBytes, blobs: shas.length }]))
}

describe('shards', () => {
  it('that were made of whole chunks are left alone, however small their files are', () => {
    for (const sizeBytes of [1, 300, 4_000, 900_000])
      expect([sizeBytes, ...shardsToMerge(liveOf(groupBlobs(filesOf(20_000, sizeBytes)), sizeBytes))]).toEqual([
        sizeBytes,
      ])
  })

  it('of a few blobs each are made into larger ones when there are many', () => {
    const few = Array.from({ length: 11 }, (_, i) => [String(i)])
    expect(shardsToMerge(liveOf(few, 300)).size).toBe(0)
    const many = [...few, ['x'], ['y']]
    expect(shardsToMerge(liveOf(many, 300)).size).toBe(13)
    const beside = new Map([...liveOf(many, 300), ['large', { bytes: 3_000_000, blobs: 500 }]])
    expect(shardsToMerge(beside).has('large')).toBe(false)
  })
})
