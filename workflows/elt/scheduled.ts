import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { EltInput } from './types.js';

/** Input of the `elt` workflow as a schedule gives it, which cannot know the time: without a run key. */
export type EltStart = Omit<EltInput, 'runKey'> & { readonly runKey?: string };

/**
 * Gives a run that a schedule has started its run key: the end of its workflow id, to which Temporal has appended the
 * scheduled time, such as `nightly-2026-03-01T00:00:00Z`. An incremental one exports the changes before that time, so
 * that a backfill goes forward in the order of its times.
 */
export function identified({ runKey: given, ...input }: EltStart): EltInput {
  if (given !== undefined) return { ...input, runKey: given };
  const { workflowId } = workflowInfo();
  const prefix = `elt-${input.plan.name}-`;
  const runKey = workflowId.startsWith(prefix) ? workflowId.slice(prefix.length) : workflowId;
  upsertSearchAttributes([{ key: { name: 'SluiceRunKey', type: 'KEYWORD' }, value: runKey }]);
  const [, scheduledAt] = /-(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)$/.exec(workflowId) ?? [];
  return { ...input, runKey, ...(input.incremental && scheduledAt && { until: input.until ?? scheduledAt }) };
}
