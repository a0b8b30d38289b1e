import { createHash } from 'node:crypto';
import type { RunRecord, StageRecord, StepRecord } from '../run-record.js';
import type { Dataset, Place } from './datasets.js';
import { lakeDatasets, objects, sourceTable, tablesOf, warehouseTable } from './datasets.js';
import { facet, runEventSchema } from './events.js';
import type { Facets, LineageEvent } from './events.js';

/** Who sends the events. */
export interface LineageSender {
  /** Namespace of the jobs, such as `sluice`. */
  readonly namespace: string;
  /** Of Sluice. */
  readonly version: string;
}

/** A piece of work with the datasets that it read and wrote. */
interface Work {
  readonly name: string;
  readonly stage: string;
  readonly state: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly inputs: readonly Measured[];
  readonly outputs: readonly Measured[];
}

interface Measured {
  readonly dataset: Dataset;
  readonly facets?: Facets;
}

/** A UUID that is the same whenever it is made of the same names, in the layout of version 8. */
function uuidOf(names: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(names)).digest('hex');
  const variant = ((parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

const unmeasured = (datasets: readonly Dataset[]): Measured[] => datasets.map((dataset) => ({ dataset }));

/** What the stages of a run read and wrote. Stages without datasets, such as `prepare`, and steps taken over are left out. */
function worksOf(place: Place, run: RunRecord, producer: string): Work[] {
  const { plan, deployment } = place;
  const { buckets } = deployment;
  const prefix = plan.source.table;
  const raw = objects(buckets.raw, `${prefix}/AWSDynamoDB`);
  const lake = lakeDatasets(place);
  const warehouse = (tables: readonly string[]): Dataset[] => tables.map((table) => warehouseTable(place, table));
  const counted: Readonly<Record<string, number>> = Object.assign(
    {},
    ...run.stages.filter(({ name }) => name === 'counts').flatMap(({ steps }) => steps.map(({ counts }) => counts))
  ) as Record<string, number>;
  const wholeStage = (stage: StageRecord, inputs: Measured[], outputs: Measured[]): Work[] =>
    stage.steps.some(({ reused }) => reused !== true) ? [{ ...stage, stage: stage.name, inputs, outputs }] : [];
  const eachStep = (stage: StageRecord, of: (step: StepRecord) => Pick<Work, 'inputs' | 'outputs'>): Work[] =>
    stage.steps
      .filter(({ reused }) => reused !== true)
      .map((step) => ({ ...step, name: `${stage.name}.${step.name}`, stage: stage.name, ...of(step) }));

  return run.stages.flatMap((stage): Work[] => {
    switch (stage.name) {
      case 'archive':
        return wholeStage(
          stage,
          unmeasured([objects(buckets.raw, prefix), objects(buckets.lake, prefix)]),
          unmeasured([objects(buckets.rawArchive, prefix), objects(buckets.lakeArchive, prefix)])
        );
      case 'export': {
        const { items: rowCount, bytes: size } = run;
        const facets = rowCount === undefined ? undefined : facet(producer, 'outputStatistics', { rowCount, size });
        return wholeStage(stage, unmeasured([sourceTable(place)]), [{ dataset: raw, facets }]);
      }
      case 'lake':
        return eachStep(stage, ({ counts }) => ({
          inputs: [
            { dataset: raw, facets: counts && facet(producer, 'inputStatistics', { rowCount: counts['items'] }) },
          ],
          outputs: unmeasured(lake),
        }));
      case 'landing':
        return eachStep(stage, ({ name }) => {
          const entities = plan.entities.filter(({ jobName }) => jobName === name || plan.landing?.jobName === name);
          const types = new Set(entities.map(({ spec }) => `${prefix}/type=${spec.itemType}`));
          return {
            inputs: unmeasured(lake.filter((dataset) => types.has(dataset.name))),
            outputs: entities.map(({ spec: { target } }) => {
              const rowCount = counted[target];
              const facets = rowCount === undefined ? undefined : facet(producer, 'outputStatistics', { rowCount });
              return { dataset: warehouseTable(place, target), facets };
            }),
          };
        });
      case 'staging':
      case 'dwh':
        return eachStep(stage, ({ name }) => {
          const { reads, writes } = tablesOf(plan, name);
          return { inputs: unmeasured(warehouse(reads)), outputs: unmeasured(warehouse(writes)) };
        });
      case 'counts':
        return wholeStage(
          stage,
          Object.entries(counted).map(([table, rowCount]) => ({
            dataset: warehouseTable(place, table),
            facets: facet(producer, 'dataQualityMetrics', { rowCount, columnMetrics: {} }),
          })),
          []
        );
      default:
        return [];
    }
  });
}

const endOf = { done: 'COMPLETE', failed: 'FAIL', cancelled: 'ABORT' } as const;
const endOfRun = { succeeded: 'COMPLETE', failed: 'FAIL', cancelled: 'ABORT' } as const;

/**
 * The events of a run that has ended: START and the end of the run itself, and of each of its steps that read or wrote
 * datasets, in the order of their times. The same run gives the same events, under the same run ids, however often it
 * is asked. Names, types and counts only: no row data.
 */
export function lineageOfRun(place: Place, run: RunRecord, { namespace, version }: LineageSender): LineageEvent[] {
  const producer = `urn:sluice:${version}`;
  const { pipeline, runKey, resumption, failure } = run;
  const parentId = uuidOf([pipeline, runKey, resumption]);
  const engine = facet(producer, 'processing_engine', { name: 'Sluice', version });
  const parent = facet(producer, 'parent', { run: { runId: parentId }, job: { namespace, name: pipeline } });
  const nominal =
    run.scheduledAt === undefined ? {} : facet(producer, 'nominalTime', { nominalStartTime: run.scheduledAt });
  const failed =
    failure && facet(producer, 'errorMessage', { message: failure.message, programmingLanguage: 'TypeScript' });
  const told = ({ dataset: { namespace: of, name, fields } }: Measured) => ({
    namespace: of,
    name,
    ...(fields && { facets: facet(producer, 'schema', { fields }) }),
  });
  const pair = (
    work: Work,
    runId: string,
    eventType: LineageEvent['eventType'],
    runFacets: Facets,
    jobType: 'DAG' | 'TASK'
  ): LineageEvent[] => {
    const { name, startedAt, endedAt, inputs, outputs } = work;
    if (startedAt === undefined || endedAt === undefined) return [];
    const job = {
      namespace,
      name,
      facets: facet(producer, 'jobType', { processingType: 'BATCH', integration: 'SLUICE', jobType }),
    };
    const common = { producer, schemaURL: runEventSchema, job };
    return [
      {
        ...common,
        eventTime: startedAt,
        eventType: 'START',
        run: { runId, facets: runFacets },
        inputs: inputs.map(told),
        outputs: outputs.map(told),
      },
      {
        ...common,
        eventTime: endedAt,
        eventType,
        run: { runId, facets: { ...runFacets, ...(eventType === 'FAIL' && failed) } },
        inputs: inputs.map((input) => ({ ...told(input), ...(input.facets && { inputFacets: input.facets }) })),
        outputs: outputs.map((output) => ({ ...told(output), ...(output.facets && { outputFacets: output.facets }) })),
      },
    ];
  };
  const steps = worksOf(place, run, producer).flatMap((work) => {
    const eventType = endOf[work.state as keyof typeof endOf] as LineageEvent['eventType'] | undefined;
    if (eventType === undefined) return [];
    const runId = uuidOf([pipeline, runKey, resumption, work.name]);
    return pair({ ...work, name: `${pipeline}.${work.name}` }, runId, eventType, { ...parent, ...engine }, 'TASK');
  });
  const whole: Work = { ...run, name: pipeline, stage: '', state: '', inputs: [], outputs: [] };
  const [start, end] = pair(whole, parentId, endOfRun[run.verdict], { ...engine, ...nominal }, 'DAG');
  const byTime = [...steps].sort((a, b) => Date.parse(a.eventTime) - Date.parse(b.eventTime));
  return [...(start ? [start] : []), ...byTime, ...(end ? [end] : [])];
}
