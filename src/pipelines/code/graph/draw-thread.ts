import { parentPort } from 'node:worker_threads'
import { instance } from '@viz-js/viz'

export interface DrawRequest {
  readonly id: number
  readonly dot: string
}
export type DrawAnswer = { readonly id: number } & (
  | { readonly ok: true; readonly svg: string }
  | { readonly ok: false; readonly message: string }
)

const viz = instance()

parentPort?.on('message', ({ id, dot }: DrawRequest) => {
  void layOut(dot).then((answer) => parentPort?.postMessage({ id, ...answer } satisfies DrawAnswer))
})

async function layOut(dot: string): Promise<{ ok: true; svg: string } | { ok: false; message: string }> {
  try {
    const { status, output, errors } = (await viz).render(dot, { format: 'svg', engine: 'dot' })
    if (status === 'success') return { ok: true, svg: output }
    return { ok: false, message: errors.map(({ message }) => message).join('; ') }
  } catch (error) {
    return { ok: false, message: String(error) }
  }
}
