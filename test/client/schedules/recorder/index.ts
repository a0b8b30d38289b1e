import { identified } from '../../../../workflows/elt/scheduled.js';
import type { EltStart } from '../../../../workflows/elt/scheduled.js';

/** Stands where `elt` does and ends at once with what it was started as: these tests are of when and how it starts. */
export async function elt(start: EltStart): Promise<object> {
  const { runKey, until, incremental } = identified(start);
  return Promise.resolve({ runKey, until, incremental });
}
