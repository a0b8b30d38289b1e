/**
 * Options of a file's read stream: it reads in blocks of `atMost` bytes, and in smaller ones where the whole file is
 * smaller. A stream takes a whole block of memory for every read, also for those of a few bytes; V8 counts them all and
 * collects the whole heap's garbage after every few dozen mebibytes, which cost more than all else where small files
 * are read by the hundred.
 * @param size bytes of the file
 */
export function blocksFor(size: number, atMost = 1 << 20): { readonly highWaterMark: number } {
  return { highWaterMark: Math.max(1, Math.min(size, atMost)) };
}
