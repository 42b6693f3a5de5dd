/** What the image sets for a worker. */
export const workerEnvironment: Readonly<Record<string, string>> = {
  NODE_OPTIONS: '--max-old-space-size=768 --max-semi-space-size=16',
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
};
