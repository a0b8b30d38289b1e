import type { S3Client } from '@aws-sdk/client-s3';
import { Context } from '@temporalio/activity';
import type { LakeState } from '../../model/lake-state.js';
import { StepError } from '../failures.js';
import { keepHeartbeating } from '../heartbeat.js';
import { readLakeState } from '../lake-base.js';
import type { StepInput } from '../run-scope.js';
import type { ArchiveLayer, GenerationManifest, LayerName } from './generation.js';
import { archiveKey, generationPrefix, tablePrefix } from './generation.js';
import { listBetween, listPage } from './list-page.js';
import { ManifestStore } from './manifest-store.js';

/** Input of `findGeneration`. */
export interface FindGenerationInput extends StepInput {
  readonly table: string;
  readonly layers: readonly ArchiveLayer[];
  /** Stamp: the latest generation of this one or before is meant. Without it, the latest of all. */
  readonly notAfter?: string;
}

/** A layer of a complete generation. */
export interface FoundLayer {
  readonly layer: LayerName;
  readonly objects: number;
  readonly bytes: number;
  readonly pages: number;
  /** Objects of the target that are not the generation's own, and that a restore would mix with it. */
  readonly others: boolean;
}

/** A complete generation whose objects are all there. */
export interface FoundGeneration {
  readonly stamp: string;
  /** Layers that have objects. */
  readonly layers: readonly FoundLayer[];
  /** How far the lake's changes reach; absent for lakes that 0.1.0 made. */
  readonly loaded?: Pick<LakeState, 'asOf' | 'tableId'>;
}

type Stores = readonly { readonly layer: ArchiveLayer; readonly store: ManifestStore }[];

/** The manifests of a generation; undefined when a layer is incomplete or none has anything. */
async function completeManifests(stores: Stores, stamp: string): Promise<GenerationManifest[] | undefined> {
  const read = await Promise.all(stores.map(({ store }) => store.read(stamp)));
  const manifests = read.filter((manifest) => manifest !== undefined);
  if (manifests.some(({ state }) => state === 'copying')) return undefined;
  return manifests.some(({ objects }) => objects > 0) ? manifests : undefined;
}

/**
 * Finds the latest complete generation at or before a time, and makes sure of it before anything is changed: every
 * object that its manifests name is there, as it was verified. Rejects with `StepError` of class Permanent when there
 * is none (`missing: 'generation'` in its ids), or when objects are missing.
 */
export async function findGeneration(s3: S3Client, input: FindGenerationInput): Promise<FoundGeneration> {
  const { table, layers, notAfter } = input;
  const signal = Context.current().cancellationSignal;
  const stores = layers.map((layer) => ({ layer, store: new ManifestStore(s3, layer.archiveBucket, table) }));
  const stopHeartbeats = keepHeartbeating(() => ({ table }));
  try {
    const lists = await Promise.all(stores.map(({ store }) => store.stamps(signal)));
    const stamps = [...new Set(lists.flat())].sort().reverse();
    for (const stamp of stamps) {
      if (notAfter !== undefined && stamp > notAfter) continue;
      const manifests = await completeManifests(stores, stamp);
      if (manifests === undefined) continue;
      const found: FoundLayer[] = [];
      for (const { layer, store } of stores) {
        const manifest = manifests.find((candidate) => candidate.layer === layer.name && candidate.objects > 0);
        if (manifest !== undefined) found.push(await lookThrough(s3, input, layer, store, manifest));
      }
      const archived = layers.find(({ name }) => name === 'lake')?.archiveBucket;
      const folder = archiveKey(table, stamp, tablePrefix(table));
      const state = archived === undefined ? undefined : await readLakeState(s3, archived, folder, signal);
      return { stamp, layers: found, ...(state && { loaded: { asOf: state.asOf, tableId: state.tableId } }) };
    }
    const when = notAfter === undefined ? '' : ` at or before ${notAfter}`;
    const [earliest] = stamps.slice(-1);
    const advice = earliest === undefined ? 'None has been archived yet.' : `The earliest archive is of ${earliest}.`;
    const ids = { missing: 'generation' };
    throw new StepError('Permanent', `archives of ${table}`, `there is no complete generation${when}`, advice, ids);
  } finally {
    stopHeartbeats();
  }
}

async function lookThrough(
  s3: S3Client,
  { table }: FindGenerationInput,
  layer: ArchiveLayer,
  store: ManifestStore,
  manifest: GenerationManifest
): Promise<FoundLayer> {
  const { cancellationSignal: signal, cancelled } = Context.current();
  const { stamp, pages } = manifest;
  const prefix = generationPrefix(table, stamp);
  let after: string | undefined;
  let known = 0;
  let others = false;
  for (let page = 0; page < pages; page += 1) {
    if (signal.aborted) await cancelled;
    const entries = await store.readPage(stamp, page);
    const last = entries.at(-1)?.key ?? '';
    // Copies begin with the table's prefix after the stamp; the manifests, which stand beside them, do not.
    const copiesAfter = archiveKey(table, stamp, after ?? '');
    const copies = await listBetween(
      s3,
      { bucket: layer.archiveBucket, prefix: prefix + tablePrefix(table), after: after && copiesAfter },
      archiveKey(table, stamp, last),
      signal
    );
    const missing = entries.filter(({ key, archiveEtag, size }) => {
      const copy = copies.get(archiveKey(table, stamp, key));
      return copy?.etag !== archiveEtag || copy.size !== size;
    });
    if (missing.length > 0) {
      const uri = `s3://${layer.archiveBucket}/${prefix}`;
      const what = `${missing.length} of ${entries.length} objects are missing or not what was archived, ${missing[0]?.key} for one`;
      throw new StepError('Permanent', uri, what, 'Restore another generation (--at). Nothing has been changed.');
    }
    known += entries.length;
    const target = await listBetween(s3, { bucket: layer.bucket, prefix: tablePrefix(table), after }, last, signal);
    const byKey = new Map(entries.map((entry) => [entry.key, entry]));
    for (const { key, etag } of target.values()) {
      const entry = byKey.get(key);
      others ||= etag !== entry?.etag && etag !== entry?.archiveEtag;
    }
    after = last;
  }
  if (known !== manifest.objects) {
    const uri = `s3://${layer.archiveBucket}/${prefix}`;
    throw new StepError('Permanent', uri, `the manifest names ${known} objects, not ${manifest.objects}`);
  }
  const beyond = await listPage(s3, { bucket: layer.bucket, prefix: tablePrefix(table), after, limit: 1 }, signal);
  others ||= beyond.objects.length > 0;
  const { objects, bytes } = manifest;
  return { layer: layer.name, objects, bytes, pages, others };
}
