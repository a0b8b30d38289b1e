import { identified } from '../../../../workflows/elt/scheduled.js';
import type { EltStart } from '../../../../workflows/elt/scheduled.js';
import { identifiedEvaluation } from '../../../../workflows/quality/scheduled.js';
import type { EvaluateStart } from '../../../../workflows/quality/scheduled.js';
import type { EvaluateInput } from '../../../../workflows/quality/types.js';

/** Stands where `elt` does and ends at once with what it was started as: these tests are of when and how it starts. */
export async function elt(start: EltStart): Promise<object> {
  const { runKey, until, incremental } = identified(start);
  return Promise.resolve({ runKey, until, incremental });
}

/** Stands where `evaluate` does. */
export async function evaluate(start: EvaluateStart): Promise<EvaluateInput> {
  return Promise.resolve(identifiedEvaluation(start));
}

/** Stands where `reconcile` does. */
export const reconcile = evaluate;
