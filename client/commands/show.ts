import { loadConfiguration } from '../../model/configuration.js';
import type { Configuration } from '../../model/configuration.js';
import type { RunCost } from '../../model/cost/cost.js';
import { secondsOf } from '../../model/run-record.js';
import type { CommandContext } from '../command-context.js';
import { drawGates } from '../draw-gates.js';
import { drawCost } from '../draw-cost.js';
import { CommandError } from '../errors.js';
import { SluiceClient } from '../index.js';
import { count, duration, table } from '../output/table.js';
import { drawRejections } from '../rejections.js';
import { RunCosts } from '../run-costs.js';
import { RunHistory } from '../run-history.js';
import type { RunDetails } from '../run-types.js';
import { runLink } from '../temporal-ui.js';

/**
 * `sluice show RUN`: one run with its stages, as Temporal has it or, when it does not any more, as the warehouse does. The
 * document is its RunDetails, with what it has cost once it has ended, and the link to the Web UI.
 */
export async function show(context: CommandContext, run: string): Promise<void> {
  const { console, env } = context;
  const configuration = loadConfiguration({ file: context.configFile, env });
  let client: SluiceClient | undefined;
  try {
    let details: RunDetails;
    try {
      client = await SluiceClient.connect({ configuration, env });
      details = await client.describeRun(run);
      // A worker tells the stages; when none answers, the record of a run that has ended does.
      if (details.progress === undefined && details.status !== 'RUNNING') {
        const recorded = await fromWarehouse(configuration, env, run).catch(() => undefined);
        details = { ...details, progress: recorded?.progress };
      }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const recorded = await fromWarehouse(configuration, env, run).catch(() => undefined);
      if (recorded === undefined) throw error;
      console.note(`As the warehouse recorded it. ${error.message}`);
      details = recorded;
    }
    const temporalUi = await runLink(env, details.workflowId);
    console.print(readable(details, temporalUi));
    const { result } = details;
    if (result !== undefined && Object.keys(result.rejected).length > 0) {
      // The reports are in S3, which may be out of reach from here while the run's own record is not.
      const rejections = await client?.rejections(result).catch(() => undefined);
      if (rejections !== undefined) console.print(`\nRejected items\n${drawRejections(rejections)}`);
    }
    const cost = details.status === 'RUNNING' ? undefined : await costOf(configuration, env, details);
    if (cost !== undefined) console.print(`\nCost\n${drawCost(cost)}`);
    console.document({ ...details, ...(cost && { cost }), temporalUi });
  } finally {
    await client?.close();
  }
}

async function fromWarehouse(
  configuration: Configuration,
  env: NodeJS.ProcessEnv,
  run: string
): Promise<RunDetails | undefined> {
  const history = new RunHistory(configuration, env);
  try {
    return await history.find(run);
  } finally {
    history.close();
  }
}

/** Milliseconds that the warehouse may take to answer before the rest is shown without the cost. */
const patience = 15_000;

/** What the run has cost; undefined where that was not recorded, or the warehouse does not answer. */
async function costOf(
  { deployment }: Configuration,
  env: NodeJS.ProcessEnv,
  run: RunDetails
): Promise<RunCost | undefined> {
  const costs = new RunCosts(deployment.redshift, env);
  try {
    return await costs.of(run, AbortSignal.timeout(patience)).catch(() => undefined);
  } finally {
    costs.close();
  }
}

/** What the run waits for besides its work, and what people decided. */
function waits(progress: RunDetails['progress']): [string, string | undefined][] {
  const { paused, approvals, lock, resumption } = progress ?? {};
  const because = (reason?: string): string => (reason === undefined ? '' : `: ${reason}`);
  return [
    ['Resumed', resumption === undefined ? undefined : `${count(resumption)} ×`],
    ['Lock', lock?.state === 'waiting' ? `waiting for ${lock.lock} since ${lock.since}` : undefined],
    [
      'Paused',
      paused && `${paused.holding ? '' : 'after this stage, '}by ${paused.by} at ${paused.at}${because(paused.reason)}`,
    ],
    ...(approvals?.pending ?? []).map(({ name, question, deadline }): [string, string] => [
      'Asks',
      `${name} until ${deadline}: ${question}`,
    ]),
    ...(approvals?.decisions ?? []).map(({ name, approved, by, at, reason }): [string, string] => [
      'Decided',
      `${name} ${approved ? 'approved' : 'rejected'} by ${by} at ${at}${because(reason)}`,
    ]),
  ];
}

function readable(run: RunDetails, temporalUi: string | undefined): string {
  const { result, progress } = run;
  const facts: [string, string | undefined][] = [
    ['Run', run.runKey],
    ['Workflow', run.workflowId],
    ['Table', run.table],
    ['Status', run.status],
    ['Failure', run.failure],
    ...waits(progress),
    ['Started', run.startedAt],
    ['Ended', run.endedAt],
    ['Items', result && count(result.items)],
    ['Events', count(run.historyEvents)],
    ['Web UI', temporalUi],
  ];
  const lines = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(9)} ${value}`]));
  const stages = (progress?.stages ?? []).flatMap((stage) =>
    stage.steps.map((step) => {
      const seconds = secondsOf(step);
      // The counts stage has a table of its own below, which a line of this one would only repeat at great width.
      const counts = stage.name === 'counts' && result !== undefined ? [] : Object.entries(step.counts ?? {});
      return [
        stage.name,
        step.name,
        step.reused ? 'reused' : step.state,
        seconds === undefined ? '' : duration(seconds),
        counts.map(([name, value]) => `${count(value)} ${name}`).join(', '),
        step.remoteId?.split('/').at(-1), // of an ARN, the export's own id
      ];
    })
  );
  const notes = (progress?.stages ?? []).flatMap(({ steps }) =>
    steps.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]))
  );
  lines.push(...notes);
  const head = ['stage', 'step', 'state', 'took', 'counts', 'remote id'];
  if (stages.length > 0) lines.push('', table(head, stages));
  else lines.push('', 'Stages are not known: no worker answers on the task queue of the run.');
  if (result !== undefined) {
    lines.push(
      '',
      table(
        ['table', 'rows'],
        Object.entries(result.tables).map(([name, rows]) => [name, count(rows)])
      )
    );
  }
  const gates = result?.gates ?? progress?.gates;
  if (gates !== undefined) lines.push('', drawGates(gates));
  const unknown = (result?.unknownMembers ?? []).filter(({ rows }) => rows > 0);
  if (unknown.length > 0) {
    const rows = unknown.map(({ fact, dimension, rows: n }) => [fact, dimension, count(n)]);
    lines.push('', 'Fact rows with an unknown member', table(['fact', 'dimension', 'rows'], rows));
  }
  return lines.join('\n');
}
