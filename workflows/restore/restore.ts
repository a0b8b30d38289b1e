import { ApplicationFailure, continueAsNew, executeChild, workflowInfo } from '@temporalio/workflow';
import type { FoundGeneration } from '../../activities/archive/index.js';
import { findGeneration, restoreObjects } from '../archive/activities.js';
import { archive, archivedPrefixes } from '../archive/archive.js';
import { archiveLayers, archiveStamp } from '../archive/layers.js';
import type { ArchiveResult } from '../archive/types.js';
import { elt } from '../elt/elt.js';
import { lockIdOf, writtenBy } from '../elt/lock.js';
import type { EltResult } from '../elt/types.js';
import { LockHolder } from '../lock-holder.js';
import { allEnded } from '../remote-job.js';
import type { LayerRestore, RestoreInput, RestoreResult, RestoreState } from './types.js';

const stepOf = (input: RestoreInput, step: string) => ({
  scope: { pipeline: input.plan.name, runKey: input.runKey, planHash: input.plan.hash },
  stage: 'restore',
  step,
});

async function find(input: RestoreInput): Promise<FoundGeneration> {
  const { plan, deployment, at } = input;
  const notAfter = at === undefined ? undefined : archiveStamp(new Date(at));
  const layers = archiveLayers(deployment);
  const summary = `find the generation of ${plan.source.table}${notAfter === undefined ? '' : ` at ${notAfter}`}`;
  return await findGeneration.executeWithOptions({ summary }, [
    { ...stepOf(input, 'find'), table: plan.source.table, layers, ...(notAfter && { notAfter }) },
  ]);
}

/** Archives what stands in the way of a restore, or refuses the restore. */
async function clear(input: RestoreInput, found: FoundGeneration): Promise<ArchiveResult | undefined> {
  const { plan, deployment, runKey, overwrite, limits } = input;
  const { table } = plan.source;
  const occupied = found.layers.filter(({ others }) => others).map(({ layer }) => deployment.buckets[layer]);
  if (occupied.length === 0) return undefined;
  if (overwrite !== true) {
    const where = occupied.map((bucket) => `s3://${bucket}/${table}/`).join(' and ');
    throw ApplicationFailure.nonRetryable(
      `restore: ${where} holds other objects than the generation ${found.stamp}. Nothing has been changed. ` +
        'Restore with --overwrite to archive them first.',
      'RestoreRefused',
      { stamp: found.stamp }
    );
  }
  return await executeChild(archive, {
    workflowId: `${workflowInfo().workflowId}/archive`,
    args: [{ plan: archivedPlan(input), deployment, runKey, ...(limits && { limits }) }],
    staticSummary: `archive ${table} before ${found.stamp} is restored`,
  });
}

const archivedPlan = ({ plan: { name, hash, source, archive: retention } }: RestoreInput) => ({
  name,
  hash,
  source,
  ...(retention && { archive: retention }),
});

/** Copies pages of a layer back until it is whole or the execution has done its share. */
async function copyBack(input: RestoreInput, stamp: string, state: LayerRestore): Promise<LayerRestore> {
  const { plan, deployment, limits } = input;
  const { activitiesPerExecution = 400, pagesPerActivity = 10 } = limits ?? {};
  const { layer: name, pages, objects } = state.found;
  const layer = archiveLayers(deployment).find((candidate) => candidate.name === name);
  if (layer === undefined) throw new TypeError(`no layer ${name}`);
  let { cursor, finished } = state;
  for (let activities = 0; !finished && activities < activitiesPerExecution; activities += 1) {
    if (activities > 0 && workflowInfo().continueAsNewSuggested) break;
    const summary = `restore ${name} from object ${cursor.objects + 1} of ${objects}`;
    const at = { ...stepOf(input, `copy ${name}`), table: plan.source.table, stamp, layer };
    ({ cursor, finished } = await restoreObjects.executeWithOptions({ summary }, [
      { ...at, pages, from: cursor, pagesPerActivity },
    ]));
  }
  return { ...state, cursor, finished };
}

async function begin(input: RestoreInput): Promise<RestoreState> {
  const found = await find(input);
  const replaced = await clear(input, found);
  const start = { cursor: { page: 0, objects: 0, bytes: 0 }, finished: false };
  return {
    stamp: found.stamp,
    layers: found.layers.map((layer) => ({ found: layer, ...start })),
    ...(found.loaded && { loaded: found.loaded }),
    ...(replaced && { replaced }),
  };
}

/** Loads the warehouse from the lake as it stands, in a run of its own that needs neither table nor export. */
async function reloadWarehouse(input: RestoreInput, { stamp, loaded }: RestoreState): Promise<EltResult> {
  const { plan, deployment, runKey } = input;
  return await executeChild(elt, {
    workflowId: `${workflowInfo().workflowId}/elt`,
    args: [{ plan, deployment, runKey, fromLake: { generation: stamp, ...loaded } }],
    typedSearchAttributes: [
      { key: { name: 'SluiceTable', type: 'KEYWORD' }, value: plan.source.table },
      { key: { name: 'SluiceRunKey', type: 'KEYWORD' }, value: runKey },
    ],
    staticSummary: `load ${deployment.redshift.database} from the lake of ${stamp}`,
  });
}

/**
 * Brings a generation of raw and lake back to where it was, verified against its manifest; the archive keeps it. What
 * stands there is archived first or, unless told to, the restore is refused before anything is changed. With `reload`,
 * the warehouse is then loaded from that lake. Holds the lock of the warehouse all the time.
 */
export async function restore(input: RestoreInput): Promise<RestoreResult> {
  const { plan, deployment } = input;
  const lock = new LockHolder(() => undefined);
  let left: RestoreState | undefined;
  try {
    const resources = new Set([...archivedPrefixes(input), ...writtenBy(plan, deployment)]);
    // Asking for what is held already, as an execution that goes on does, is answered at once.
    await lock.acquire(stepOf(input, 'lock'), lockIdOf(deployment), [...resources]);
    const state = input.resume ?? (await begin(input));
    const { stamp, replaced } = state;
    const layers = await allEnded(state.layers.map((layer) => copyBack(input, stamp, layer)));
    if (layers.every(({ finished }) => finished)) {
      const restored = layers.map(({ found: { layer, objects, bytes } }) => [layer, { objects, bytes }]);
      const reloaded = input.reload ? await reloadWarehouse(input, state) : undefined;
      return {
        table: plan.source.table,
        stamp,
        layers: Object.fromEntries(restored) as RestoreResult['layers'],
        ...(replaced && { replaced }),
        ...(reloaded && { reloaded }),
      };
    }
    left = { ...state, layers };
  } finally {
    if (left === undefined) await lock.release();
  }
  return await continueAsNew<typeof restore>({ ...input, resume: left });
}
