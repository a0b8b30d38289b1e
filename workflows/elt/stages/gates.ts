import { ApplicationFailure } from '@temporalio/workflow';
import type { EvaluationRequest } from '../../../activities/quality/evaluation.js';
import type { EvaluationSummary } from '../../../activities/quality/results.js';
import type { GatePlan } from '../../../model/plan.js';
import { evaluateRulesets } from '../../quality/evaluation.js';
import type { EltRun } from '../run.js';
import type { StageName } from '../types.js';

/** Stage in which the gates of a layer are evaluated. */
export const gateStages = {
  lake: 'lake-gates',
  landing: 'landing-gates',
  dwh: 'dwh-gates',
} as const satisfies Readonly<Record<GatePlan['layer'], StageName>>;

/** `type` of the failure of a run that a gate did not let through: the CLI ends with 3. */
export const gateNotPassed = 'GateNotPassed';

const tableName = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');

/** What a gate has Glue evaluate: datasets of the lake are in the catalog, tables of the warehouse are put there. */
function requestOf({ input: { plan, deployment } }: EltRun, gate: GatePlan): EvaluationRequest {
  const { glue, redshift, buckets } = deployment;
  const common = {
    rulesetName: gate.name,
    ruleset: gate.ruleset,
    declared: true,
    resultsPrefix: `s3://${buckets.quality}/defaultlogs`,
  };
  const database = glue.catalogDatabase;
  if (gate.layer === 'lake') return { ...common, database, table: tableName(`${plan.source.table}_${gate.dataset}`) };
  return {
    ...common,
    database,
    table: tableName(`${redshift.database}_${gate.layer}_${gate.dataset}`),
    warehouse: {
      connection: glue.connection,
      location: `${redshift.database}.${gate.layer}.${gate.dataset}`,
      columns: gate.columns,
    },
  };
}

/** What a gate that did not pass means for the run: it fails, asks, or lands only the good rows. */
async function enforce(
  run: EltRun,
  gates: readonly GatePlan[],
  summaries: readonly EvaluationSummary[]
): Promise<void> {
  const open = gates.flatMap((gate) => {
    const summary = summaries.find(({ rulesetName }) => rulesetName === gate.name);
    return summary === undefined || summary.passed ? [] : [{ gate, summary }];
  });
  run.quarantines.push(...open.map(({ gate }) => gate).filter(({ action }) => action === 'quarantine'));
  const refused = open.filter(({ gate }) => gate.action === 'fail').map(({ summary }) => summary);
  for (const { gate, summary } of open.filter(({ gate }) => gate.action === 'ask')) {
    // No question is asked of a run that another gate has ended anyway.
    if (refused.length > 0) break;
    const question = `${gate.name} did not pass: ${summary.reasons.join('; ')}. Go on all the same? See ${summary.resultUri}.`;
    const decision = await run.approvals.request(gate.name, question, gate.approvalSeconds);
    if (!decision.approved) {
      refused.push({ ...summary, reasons: [...summary.reasons, `rejected by ${decision.by}`] });
    }
  }
  if (refused.length === 0) return;
  const what = refused.map(({ rulesetName, reasons }) => `${rulesetName}: ${reasons.join('; ')}`).join('. ');
  const uris = refused.map(({ resultUri }) => resultUri);
  throw ApplicationFailure.nonRetryable(
    `The data did not pass a quality gate. ${what}. Mend the data and run again with --fresh, or change the ruleset. ` +
      `See ${uris.join(', ')}.`,
    gateNotPassed,
    { results: uris }
  );
}

/**
 * Evaluates the gates of one layer. A gate that fails the run does so before anything of the next layer is touched;
 * every result is kept, and alerted when it does not pass, whatever the action.
 */
export async function passGates(run: EltRun, layer: GatePlan['layer']): Promise<void> {
  const { plan, deployment } = run.input;
  const gates = (plan.gates ?? []).filter((gate) => gate.layer === layer);
  if (gates.length === 0) return;
  const stage = gateStages[layer];
  await run.sheet.stage(stage, async () => {
    const steps = new Map(gates.map(({ name }) => [name, run.sheet.beginStep(stage, name)]));
    try {
      const summaries = await evaluateRulesets({
        ...run.at(stage, stage),
        requests: gates.map((gate) => requestOf(run, gate)),
        demands: Object.fromEntries(
          gates.map(({ name, minimumScore, critical }) => [name, { minimumScore, critical }])
        ),
        deployment,
        resources: { role: deployment.glue.role ?? 'sluice-glue' },
        onStarted: (name, runId) => steps.get(name)?.remote(runId),
      });
      run.gates.push(...summaries);
      for (const { rulesetName, rulesSucceeded, rulesFailed } of summaries) {
        steps.get(rulesetName)?.counts({ rulesSucceeded, rulesFailed });
      }
      await enforce(run, gates, summaries);
      for (const step of steps.values()) step.end();
    } catch (error) {
      for (const step of steps.values()) step.end(error);
      throw error;
    }
  });
}
