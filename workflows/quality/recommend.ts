import { ApplicationFailure, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import type { RulesetDraft } from '../../activities/quality/recommendation.js';
import { Approvals } from '../approval.js';
import { startThenWait } from '../remote-job.js';
import { checkDraft, saveRuleset, startRecommendation, stopRecommendation, waitRecommendation } from './activities.js';
import type { EditInput, RecommendInput, RecommendProgress, RecommendResult } from './types.js';

/** How far a recommendation is, and where its text stands. */
export const recommendationQuery = defineQuery<RecommendProgress>('recommendation');

/** Replaces the recommended ruleset by an edited one, before it is approved. */
export const editUpdate = defineUpdate<RulesetDraft, [EditInput]>('edit');

const refusal = (message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, 'NotEditable');

/**
 * Has Glue recommend rules for a table, waits for a person to approve, edit or reject them until the deadline, and
 * saves what was approved as a ruleset.
 */
export async function recommend(input: RecommendInput): Promise<RecommendResult> {
  const { database, table, rulesetName, resources, pipeline, runKey, deployment } = input;
  const at = (step: string) => ({ scope: { pipeline, runKey, planHash: '' }, stage: 'recommend', step });
  const approvals = new Approvals();
  let runId: string | undefined;
  let draft: RulesetDraft | undefined;
  let editedBy: string | undefined;
  setHandler(recommendationQuery, () => ({ runId, ...draft, editedBy, approvals: approvals.state }));
  setHandler(
    editUpdate,
    async ({ by, uri }) => {
      const edited = await checkDraft.executeWithOptions({ summary: `edit by ${by}` }, [{ ...at('edit'), uri }]);
      if (approvals.pending.length === 0) throw refusal('The ruleset was decided on meanwhile.');
      editedBy = by;
      draft = edited;
      return edited;
    },
    {
      validator: ({ by, uri }) => {
        if (approvals.pending.length === 0) throw refusal('No recommendation waits for approval.');
        if (!by || !/^s3:\/\/[^/]+\/.+/.test(uri)) throw refusal('An edit needs its author and an S3 URI.');
      },
    }
  );
  const recommended = await startThenWait({
    start: async () => {
      const run = await startRecommendation({ ...at('start'), database, table, resources });
      ({ runId } = run);
      return run;
    },
    wait: (run) =>
      waitRecommendation.executeWithOptions({ summary: run.runId }, [
        { ...at('wait'), run, bucket: deployment.buckets.quality },
      ]),
    stop: (run) => stopRecommendation({ ...at('stop'), run }),
  });
  draft = recommended;
  const decision = await approvals.request(
    rulesetName,
    `Save ${recommended.rules} recommended rules for ${database}.${table} as ${rulesetName}? See ${recommended.uri}.`,
    input.approvalSeconds
  );
  const { uri, rules } = draft;
  const { approved: accepted, by: decidedBy, reason } = decision;
  const outcome = { runId: runId ?? '', uri, rules, accepted, decidedBy, ...(reason && { reason }) };
  if (!accepted) return outcome;
  await saveRuleset.executeWithOptions({ summary: `save ${rulesetName}` }, [
    { ...at('save'), rulesetName, uri, database, table },
  ]);
  return { ...outcome, rulesetName };
}
