/**
 * Waits for a promise to settle, but no longer than `ms`. Resolves with whether it settled; never throws what it throws.
 * @throws the reason of `signal` when it is aborted first.
 */
export async function settledWithin(promise: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<boolean> {
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const settled = (): void => resolve(true);
      promise.then(settled, settled);
      timer = setTimeout(() => resolve(false), ms);
      abort = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', abort, { once: true });
    });
  } finally {
    clearTimeout(timer);
    if (abort) signal?.removeEventListener('abort', abort);
  }
}
