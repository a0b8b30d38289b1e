import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { EvaluateInput } from './types.js';

/** Input of `evaluate` and `reconcile` as a schedule gives it, which cannot know the time: without a run key. */
export type EvaluateStart = Omit<EvaluateInput, 'runKey'> & { readonly runKey?: string };

/**
 * Gives an evaluation that a schedule has started its run key: the end of its workflow id, to which Temporal has
 * appended the scheduled time, such as `hourly-orders-2026-03-01T06:00:00Z`.
 */
export function identifiedEvaluation({ runKey: given, ...input }: EvaluateStart): EvaluateInput {
  if (given !== undefined) return { ...input, runKey: given };
  const { workflowId, workflowType } = workflowInfo();
  const prefix = `${workflowType}-`;
  const runKey = workflowId.startsWith(prefix) ? workflowId.slice(prefix.length) : workflowId;
  upsertSearchAttributes([{ key: { name: 'SluiceRunKey', type: 'KEYWORD' }, value: runKey }]);
  return { ...input, runKey };
}
