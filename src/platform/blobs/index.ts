export { createBlobCache, type BlobCache } from './cache.ts'
export { createDiskBlobs, type Blobs } from './disk-blobs.ts'
