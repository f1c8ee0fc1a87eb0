import { EXIT } from '../../contract/errors.ts'

export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.done, 'Done.'],
  [EXIT.failed, 'It failed, or what was asked about did: a run that failed, a plan that is invalid.'],
  [EXIT.usage, 'The command, an option or a setting is wrong.'],
  [EXIT.notFound, 'There is no such thing, or not for this key.'],
  [EXIT.refused, 'The key is missing or wrong, or may not do this.'],
  [EXIT.limit, 'A limit or a quota is used up.'],
  [EXIT.conflict, 'It does not fit the state that things are in.'],
  [EXIT.internal, 'An error that nobody expected.'],
  [EXIT.tryAgain, 'It may work later: the server, the database or a limit is not there at the moment.'],
]

export const OUTPUT_NOTES: readonly (readonly [term: string, meaning: string])[] = [
  [
    'a terminal',
    'Tables fit its width: the longest texts are cut with an ellipsis, numbers and ids never. Elsewhere nothing is cut.',
  ],
  [
    '--json',
    'The answer as the API gives it, `{"data": …}`, on the standard output; an error as `{"error": {"code": …}}`. Nothing else is printed there.',
  ],
  [
    '-q, --quiet',
    'Of lists, and of what is made, started or changed, the ids alone, one on each line; of a new key its secret; of a page at Stripe its address; of a search `repository/path:line`. No progress, no hints, no notes. Errors are printed all the same.',
  ],
  ['progress', 'Goes to the standard error: one line that is rewritten on a terminal, else a line now and then.'],
  ['NO_COLOR', 'Anything: no colours. A terminal whose TERM is `dumb` gets none either, and no line is rewritten.'],
  ['FORCE_COLOR', 'Colours also where there is no terminal; 0 forbids them. It wins over NO_COLOR.'],
]

export const HELP_TOPICS = ['exit-codes', 'environment', 'output'] as const
