import { describe, expect, it } from 'vitest'
import { DiffError } from './diff-error.ts'
import { parseDiff, type FileDiff } from './diff.ts'

const BODY = '@@ -1 +1 @@\n-a\n+b\n'
const NAMED = `--- a/x.ts\n+++ b/x.ts\n${BODY}`
const HEADER = 'diff --git a/x.ts b/x.ts\n'

type Brief = Pick<FileDiff, 'before' | 'after' | 'change'> & { readonly hunks: number }

function brief(text: string): readonly Brief[] {
  return parseDiff(text).map(({ before, after, change, hunks }) => ({ before, after, change, hunks: hunks.length }))
}

function modified(path: string, hunks = 1): Brief {
  return { before: path, after: path, change: 'modified', hunks }
}

describe('files of a diff', () => {
  const cases: readonly (readonly [string, string, readonly Brief[]])[] = [
    ['one as git prints it', `${HEADER}index 1234567..89abcde 100644\n${NAMED}`, [modified('x.ts')]],
    ['one without prefixes', `diff --git x.ts x.ts\n--- x.ts\n+++ x.ts\n${BODY}`, [modified('x.ts')]],
    [
      'one without prefixes in a folder named as a prefix',
      `diff --git a/x.ts a/x.ts\n--- a/x.ts\n+++ a/x.ts\n${BODY}`,
      [modified('a/x.ts')],
    ],
    ['one with mnemonic prefixes', `diff --git i/s/x w/s/x\n--- i/s/x\n+++ w/s/x\n${BODY}`, [modified('s/x')]],
    ['one taken backwards', `diff --git b/x a/x\n--- b/x\n+++ a/x\n${BODY}`, [modified('x')]],
    ['one with prefixes of its own', `diff --git was/of/x is/x\n--- was/of/x\n+++ is/x\n${BODY}`, [modified('x')]],
    [
      'an added one',
      `${HEADER}new file mode 100644\nindex 0000000..89abcde\n--- /dev/null\n+++ b/x.ts\n@@ -0,0 +1 @@\n+b\n`,
      [{ before: null, after: 'x.ts', change: 'added', hunks: 1 }],
    ],
    [
      'an added one without text',
      `${HEADER}new file mode 100644\nindex 0000000..e69de29\n`,
      [{ before: null, after: 'x.ts', change: 'added', hunks: 0 }],
    ],
    [
      'a deleted one',
      `${HEADER}deleted file mode 100644\n--- a/x.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n`,
      [{ before: 'x.ts', after: null, change: 'deleted', hunks: 1 }],
    ],
    [
      'a renamed one',
      'diff --git a/x y.ts b/z y.ts\nsimilarity index 100%\nrename from x y.ts\nrename to z y.ts\n',
      [{ before: 'x y.ts', after: 'z y.ts', change: 'renamed', hunks: 0 }],
    ],
    [
      'a renamed one without lines that say so',
      `diff --git a/x.ts b/y.ts\n--- a/x.ts\n+++ b/y.ts\n${BODY}`,
      [{ before: 'x.ts', after: 'y.ts', change: 'renamed', hunks: 1 }],
    ],
    [
      'a copied one beside its changed source',
      `${HEADER}${NAMED}diff --git a/x.ts b/y.ts\nsimilarity index 90%\ncopy from x.ts\ncopy to y.ts\n`,
      [modified('x.ts'), { before: 'x.ts', after: 'y.ts', change: 'copied', hunks: 0 }],
    ],
    ['one of another mode alone', 'diff --git a/x b b/x b\nold mode 100644\nnew mode 100755\n', [modified('x b', 0)]],
    [
      'a quoted one',
      `diff --git "a/caf\\303\\251 \\"\\t.ts" "b/caf\\303\\251 \\"\\t.ts"\n--- "a/caf\\303\\251 \\"\\t.ts"\n+++ "b/caf\\303\\251 \\"\\t.ts"\n${BODY}`,
      [modified('café "\t.ts')],
    ],
    ['one with a blank in it', `diff --git a/x y b/x y\n--- a/x y\t\n+++ b/x y\t\n${BODY}`, [modified('x y')]],
    [
      'one that becomes a link',
      `${HEADER}deleted file mode 100644\n--- a/x.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n${HEADER}new file mode 120000\n--- /dev/null\n+++ b/x.ts\n@@ -0,0 +1 @@\n+y.ts\n\\ No newline at end of file\n`,
      [
        { before: 'x.ts', after: null, change: 'deleted', hunks: 1 },
        { before: null, after: 'x.ts', change: 'added', hunks: 1 },
      ],
    ],
    ['a plain one', `--- x.ts\t2026-01-01 10:00:00\n+++ x.ts\t2026-01-02 10:00:00\n${BODY}`, [modified('x.ts')]],
    ['a plain one between folders', `diff -ru old new\n--- old/s/x\n+++ new/s/x\n${BODY}`, [modified('s/x')]],
    [
      'a plain one that is added',
      '--- old/x\t1970-01-01 00:00:00.000000000 +0000\n+++ new/x\t2026-01-02\n@@ -0,0 +1 @@\n+b\n',
      [{ before: null, after: 'new/x', change: 'added', hunks: 1 }],
    ],
    ['several plain ones', `--- a/x\n+++ b/x\n${BODY}--- a/y\n+++ b/y\n${BODY}`, [modified('x'), modified('y')]],
    [
      'several hunks, and lines that look like headers',
      `${HEADER}--- a/x.ts\n+++ b/x.ts\n@@ -1,2 +1,2 @@\n--- a/y\n+++ b/y\n c\n@@ -9 +9 @@ diff --git\n-a\n+b\n`,
      [modified('x.ts', 2)],
    ],
    [
      'one in a mail',
      `From 1234 Mon Sep 17\nSubject: [PATCH] @@ x\n\n---\n x.ts | 2 +-\n\n${HEADER}${NAMED}-- \n2.39.5\n\n`,
      [modified('x.ts')],
    ],
    [
      'one that came through Windows',
      `${HEADER}${NAMED}`.replaceAll('\n', '\r\n').replace('@@\r\n', '@@ -1\r\n'),
      [modified('x.ts')],
    ],
  ]
  it.each(cases)('%s', (_, text, expected) => {
    expect(brief(text)).toEqual(expected)
  })
})

describe('what is not text', () => {
  const cases: readonly (readonly [string, string, Partial<FileDiff>])[] = [
    [
      'a binary file that differs',
      'index 1234567..89abcde 100644\nBinary files a/x.ts and b/x.ts differ\n',
      { binary: true, beforeId: '1234567', afterId: '89abcde' },
    ],
    [
      'a binary patch',
      'index 1234567..89abcde 100644\nGIT binary patch\ndelta 5\nMc${NkU@@-+diff\n\ndelta 5\nMc$\n\n',
      { binary: true },
    ],
    [
      'a submodule',
      `index 1234567..89abcde 160000\n--- a/x.ts\n+++ b/x.ts\n@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2\n`,
      { entry: 'submodule', binary: false },
    ],
  ]
  it.each(cases)('%s has no hunks', (_, text, expected) => {
    expect(parseDiff(HEADER + text)).toMatchObject([{ ...expected, hunks: [], change: 'modified', after: 'x.ts' }])
  })
})

it('keeps the carriage returns of lines, and knows which side ends without a line feed', () => {
  const [file] = parseDiff(
    `${HEADER}--- a/x.ts\n+++ b/x.ts\n@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n`,
  )
  expect(file?.hunks).toEqual([
    { oldStart: 1, newStart: 1, lines: [' a\r', '-b', '+c'], oldEndsOpen: true, newEndsOpen: true },
  ])
})

describe('a diff is refused', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['that is none', 'hello\n', 1],
    ['that is empty', '\n', 1],
    ['of a merge', `diff --cc x.ts\nindex 1,2..3\n--- a/x.ts\n+++ b/x.ts\n@@@ -1 -1 +1 @@@\n`, 1],
    ['whose hunk ends early', `${HEADER}--- a/x.ts\n+++ b/x.ts\n@@ -1,2 +1,2 @@\n a\n`, 5],
    ['whose hunk is too long', `${HEADER}${NAMED}+c\n`, 7],
    ['whose hunk has too much of one side', `${HEADER}--- a/x.ts\n+++ b/x.ts\n@@ -1 +1,2 @@\n-a\n-b\n+c\n+d\n`, 6],
    ['whose hunk has another line', `${HEADER}--- a/x.ts\n+++ b/x.ts\n@@ -1 +1 @@\n-a\n*b\n`, 6],
    ['whose hunk has a wrong header', `${HEADER}--- a/x.ts\n+++ b/x.ts\n@@ -1 +x @@\n-a\n`, 4],
    ['with a hunk before any file', BODY, 1],
    ['with a hunk without names', `${HEADER}${BODY}`, 2],
    ['with half of the names', `${HEADER}--- a/x.ts\n${BODY}`, 2],
    ['with the other half of the names', `${HEADER}+++ b/x.ts\n${BODY}`, 2],
    ['with names but no hunks', `${HEADER}--- a/x.ts\n+++ b/x.ts\n`, 1],
    ['that leads out of the repository', `diff --git a/../x b/../x\n--- a/../x\n+++ b/../x\n${BODY}`, 1],
    ['that leads to the root of the disk', `--- /etc/passwd\n+++ /etc/passwd\n${BODY}`, 1],
    ['that leads to the root of the disk behind a prefix', `--- a//etc/passwd\n+++ b//etc/passwd\n${BODY}`, 1],
    ['that leads to a disk of Windows', 'diff --git a/C:\\x b/C:\\x\nold mode 1\nnew mode 2\n', 1],
    ['that renames out of the repository', `${HEADER}rename from x.ts\nrename to ../x.ts\n`, 1],
    ['with a quoted path that does not end', `diff --git "a/x b/x\n`, 1],
    ['with an escape that is none', `diff --git "a/\\xyz" "b/\\xyz"\n`, 1],
    ['without any side', `--- /dev/null\n+++ /dev/null\n${BODY}`, 1],
    ['whose names differ', `diff --git a/x.ts b/x.ts\n--- a/y.ts\n+++ b/y.ts\n${BODY}`, 1],
    ['whose added file has lines before', `${HEADER}new file mode 100644\n--- /dev/null\n+++ b/x.ts\n${BODY}`, 1],
    ['with a file in it twice', `${HEADER}${NAMED}${HEADER}${NAMED}`, 7],
  ]
  it.each(cases)('%s', (_, text, line) => {
    expect(() => parseDiff(text)).toThrow(DiffError)
    expect(() => parseDiff(text)).toThrow(expect.objectContaining({ line }))
  })
})

describe('a diff of eight megabytes', () => {
  const fill = (line: string): string => line.repeat(Math.floor(8_000_000 / line.length))
  const hunkOf = (line: string): string => {
    const lines = fill(line)
    return `--- a/x\n+++ b/x\n@@ -0,0 +1,${lines.split('\n').length - 1} @@\n${lines}`
  }
  const cases: readonly (readonly [string, string])[] = [
    ['of many files', Array.from({ length: 100_000 }, (_, i) => `--- a/${i}\n+++ b/${i}\n${BODY}`).join('')],
    ['of one hunk', hunkOf('+  const value = compute(other, 12)\n')],
    ['of added empty lines', hunkOf('+\n')],
    ['of line feeds', `${fill('\n')}${HEADER}${NAMED}`],
    ['of one line', `${HEADER}${'a'.repeat(8_000_000)}\n${NAMED}`],
    ['of blanks in a name', `diff --git ${fill(' ')}\n`],
    ['of slashes in a name', `--- a/${fill('/x')}\n+++ b/${fill('/x')}\n${BODY}`],
    ['of a quoted name', `diff --git "${fill('\\303')}\n`],
  ]
  it.each(cases)('%s is read in moments', (_, text) => {
    const start = performance.now()
    expect([Array, DiffError]).toContain(outcomeOf(text).constructor)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

function outcomeOf(text: string): object {
  try {
    return parseDiff(text)
  } catch (error) {
    return Object(error)
  }
}
