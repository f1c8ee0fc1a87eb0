/** `node bench/search/make-corpus.ts`: makes the corpora of the search bench ahead of it. */
import { CORPORA, openCorpus } from './corpus.ts'

for (const name of CORPORA) {
  const { repositories, files, bytes, fingerprint, trees } = await openCorpus(name, console.log)
  const size = `${repositories.length} repositories, ${files} files, ${(bytes / 1e6).toFixed(1)} MB`
  console.log(`${name}: ${size}, ${fingerprint}, ${trees}`)
}
