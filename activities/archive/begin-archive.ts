import type { S3Client } from '@aws-sdk/client-s3';
import { Context } from '@temporalio/activity';
import { errorClassOf } from '../failures.js';
import { keepHeartbeating } from '../heartbeat.js';
import type { RunScope, StepInput } from '../run-scope.js';
import type { ArchiveLayer, GenerationManifest, LayerName } from './generation.js';
import { ManifestStore } from './manifest-store.js';
import { keepRetentionRule } from './retention-rule.js';

/** Input of `beginArchive`. */
export interface BeginArchiveInput extends StepInput {
  readonly table: string;
  /** Stamp of the generation to be made. */
  readonly stamp: string;
  readonly layers: readonly ArchiveLayer[];
  /** Days after which archives expire; without it they are kept for ever. */
  readonly retentionDays?: number;
}

/** What has to be done for a layer, in this order. */
export interface LayerWork {
  readonly layer: LayerName;
  /** A complete generation of a run that ended before it had deleted the sources. */
  readonly finish?: { readonly stamp: string };
  /** The generation to be made. */
  readonly copy?: { readonly stamp: string; readonly resumed: boolean };
  /** The generation, instead of `copy`, when this run has made it before. */
  readonly made?: { readonly stamp: string; readonly objects: number; readonly bytes: number };
}

/** What a layer's archive bucket has. */
interface LayerArchive {
  readonly layer: ArchiveLayer;
  readonly store: ManifestStore;
  /** Stamp and manifest of the latest generation; the manifest is missing where somebody else made the folder. */
  readonly latest?: string;
  readonly manifest?: GenerationManifest;
}

async function lookAt(s3: S3Client, table: string, layer: ArchiveLayer): Promise<LayerArchive> {
  const store = new ManifestStore(s3, layer.archiveBucket, table);
  const [latest] = await store.stamps(Context.current().cancellationSignal);
  const manifest = latest === undefined ? undefined : await store.read(latest);
  return { layer, store, ...(latest !== undefined && { latest }), ...(manifest && { manifest }) };
}

const isSameRun = (manifest: GenerationManifest | undefined, scope: RunScope): boolean =>
  manifest?.pipeline === scope.pipeline && manifest.runKey === scope.runKey;

/** The wanted stamp, or a second after the latest one, so that no generation takes the place of an earlier one. */
function freeStamp({ stamp, scope }: BeginArchiveInput, archives: readonly LayerArchive[]): string {
  const own = archives.find(({ manifest }) => isSameRun(manifest, scope));
  if (own?.manifest !== undefined) return own.manifest.stamp;
  const latest = archives.map((archive) => archive.latest ?? '').reduce((a, b) => (a > b ? a : b));
  if (stamp > latest) return stamp;
  const time = Date.parse(latest.replace(/T(\d\d)-(\d\d)-(\d\d)Z$/, 'T$1:$2:$3Z'));
  return `${new Date(time + 1_000).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}

async function planLayer(
  { scope, table }: BeginArchiveInput,
  { layer, store, manifest }: LayerArchive,
  stamp: string
): Promise<LayerWork> {
  const base = { layer: layer.name };
  // A run archives once: what it exported since is not to be moved away from under it when it is resumed.
  if (manifest !== undefined && isSameRun(manifest, scope) && manifest.state !== 'copying') {
    const { stamp: own, objects, bytes } = manifest;
    const made = { stamp: own, objects, bytes };
    return { ...base, made, ...(manifest.state === 'copied' && { finish: { stamp: own } }) };
  }
  // A half-done generation is completed under its own stamp, whoever began it.
  const resumed = manifest?.state === 'copying';
  const copy = { stamp: resumed ? manifest.stamp : stamp, resumed };
  const { pipeline, runKey } = scope;
  const begun = { pipeline, runKey, sourceBucket: layer.bucket, objects: 0, bytes: 0, pages: 0 };
  await store.write({ version: 1, table, layer: layer.name, stamp: copy.stamp, state: 'copying', ...begun });
  return { ...base, ...(manifest?.state === 'copied' && { finish: { stamp: manifest.stamp } }), copy };
}

/** Keeps the lifecycle rules, and finds out what an earlier archive left to be done. */
export async function beginArchive(s3: S3Client, input: BeginArchiveInput): Promise<LayerWork[]> {
  const { table, layers, retentionDays } = input;
  const stopHeartbeats = keepHeartbeating(() => ({ table }));
  try {
    for (const { archiveBucket } of layers) {
      await keepRetentionRule(s3, archiveBucket, table, retentionDays).catch((error: unknown) => {
        // Without a retention there is nothing to keep, and the worker needs no permission to look.
        if (retentionDays !== undefined || errorClassOf(error) !== 'Permanent') throw error;
        Context.current().log.warn('Cannot see whether an archive lifecycle rule is left over', { archiveBucket });
      });
    }
    const archives = await Promise.all(layers.map((layer) => lookAt(s3, table, layer)));
    const stamp = freeStamp(input, archives);
    const work: LayerWork[] = [];
    // One after the other: a generation that one layer has and the other has not begun must not look complete.
    for (const archive of archives) work.push(await planLayer(input, archive, stamp));
    return work;
  } finally {
    stopHeartbeats();
  }
}
