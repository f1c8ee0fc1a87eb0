/** The platform's fetch, for the typed client, which brings its own time limit. */
export const httpFetch: typeof globalThis.fetch = (...args) => fetch(...args)
