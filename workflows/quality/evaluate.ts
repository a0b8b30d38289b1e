import { evaluateRulesets } from './evaluation.js';
import { identifiedEvaluation } from './scheduled.js';
import type { EvaluateStart } from './scheduled.js';
import type { EvaluateResult } from './types.js';

async function evaluateOne(start: EvaluateStart, stage: string): Promise<EvaluateResult> {
  const { request, demand = {}, deployment, resources, pipeline, runKey } = identifiedEvaluation(start);
  const evaluations = await evaluateRulesets({
    scope: { pipeline, runKey, planHash: '' },
    stage,
    step: request.rulesetName,
    requests: [request],
    demands: { [request.rulesetName]: demand },
    deployment,
    resources,
  });
  return { passed: evaluations.every(({ passed }) => passed), evaluations };
}

/**
 * Evaluates one ruleset over one table in Glue Data Quality, once per run key. A ruleset that does not exist is made
 * from the text given. Completes with the verdict; a run that FAILED, timed out or was stopped fails the workflow.
 */
export async function evaluate(start: EvaluateStart): Promise<EvaluateResult> {
  return evaluateOne(start, 'evaluate');
}

/**
 * Compares a table with others that its ruleset refers to (RowCountMatch, SchemaMatch, DatasetMatch, AggregateMatch,
 * ReferentialIntegrity): an evaluation with references, under a name of its own in the Temporal UI.
 */
export async function reconcile(start: EvaluateStart): Promise<EvaluateResult> {
  return evaluateOne(start, 'reconcile');
}
