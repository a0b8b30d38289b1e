import type { EvaluatedRun, EvaluationRequest, RunResources } from '../../activities/quality/evaluation.js';
import type { EvaluationSummary } from '../../activities/quality/results.js';
import type { StepInput } from '../../activities/run-scope.js';
import type { Deployment } from '../../model/configuration.js';
import type { GateDemand } from '../../quality/results/verdict.js';
import { allEnded, startThenWait } from '../remote-job.js';
import { keepResults, startEvaluations, stopEvaluation, waitEvaluation } from './activities.js';

/** Some rulesets and what their results must reach. */
export interface Evaluations extends StepInput {
  readonly requests: readonly EvaluationRequest[];
  /** By ruleset name. */
  readonly demands: Readonly<Record<string, GateDemand>>;
  readonly deployment: Pick<Deployment, 'buckets' | 'notifications'> & Partial<Pick<Deployment, 'glue'>>;
  readonly resources: RunResources;
  /** Told of each run as it is started. */
  readonly onStarted?: (rulesetName: string, runId: string) => void;
}

/**
 * Evaluates rulesets at the same time, keeps their results and judges them. Rejects when one could not be evaluated:
 * that says nothing about the data. Costs six events and three more a ruleset.
 */
export async function evaluateRulesets(evaluations: Evaluations): Promise<EvaluationSummary[]> {
  const { scope, stage, step, requests, demands, deployment, resources } = evaluations;
  const at = { scope, stage, step };
  const started = await startEvaluations.executeWithOptions({ summary: `start ${step}` }, [
    { ...at, requests, resources },
  ]);
  for (const { rulesetName, runId } of started) evaluations.onStarted?.(rulesetName, runId);
  const runs = await allEnded<EvaluatedRun>(
    started.map((run) =>
      startThenWait({
        start: () => Promise.resolve(run),
        wait: () => waitEvaluation.executeWithOptions({ summary: `${run.rulesetName} ${run.runId}` }, [{ ...at, run }]),
        stop: () => stopEvaluation.executeWithOptions({ summary: `stop ${run.runId}` }, [{ ...at, run }]),
      })
    )
  );
  return keepResults.executeWithOptions({ summary: `results of ${step}` }, [{ ...at, runs, deployment, demands }]);
}
