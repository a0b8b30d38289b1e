import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { publish } from '../report/report.js';
import { startEnvironment } from '../environment.js';
import type { BenchEnvironment } from '../environment.js';
import { archivePeers } from './peers.js';
import type { Peer } from './peers.js';
import { contentsOf, expectContents, fillLarge, fillSmall, manifestEntries } from './places.js';
import type { Contents, Place } from './places.js';

/** Sizes and repetitions of {@link benchArchive}. */
export interface ArchiveBenchOptions {
  /** Small objects, of 4 KiB. */
  readonly objects: number;
  /** Large objects, of 1 GiB. */
  readonly large: number;
  readonly rounds: number;
  readonly json: boolean;
}

const raw: Place = { bucket: 'sluice-raw', prefix: 'ecommerce/' };
const archive = 'sluice-raw-archive';
const warmUpObjects = 2_000;

/** What one contestant took: seconds, and the place that the objects are at now. */
interface Moved {
  readonly seconds: number;
  /** Seconds of Sluice's workflow alone, and the events of its history. */
  readonly workflow?: number;
  readonly events?: number;
  readonly at: Place;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The workflow that was last started, once it has ended. */
async function lastWorkflow(temporal: Client): Promise<{ readonly workflow: number; readonly events: number }> {
  for (;;) {
    for await (const { closeTime, startTime, historyLength } of temporal.workflow.list({
      query: "WorkflowType = 'archive'", // the latest first
    })) {
      if (closeTime === undefined) break;
      return { workflow: (closeTime.getTime() - startTime.getTime()) / 1000, events: historyLength };
    }
    await setTimeout(200);
  }
}

/** `sluice archive`, held to its manifest. */
async function bySluice(environment: BenchEnvironment, s3: S3Client, contents: Contents): Promise<Moved> {
  let document: Record<string, unknown> = {};
  const connection = await Connection.connect({ address: environment.env['TEMPORAL_ADDRESS'] });
  const seconds = await timed(async () => (document = await environment.run('archive')));
  const { layers } = document as { layers: { raw: { stamp: string; deleted: number } } };
  const generation = `${raw.prefix}${layers.raw.stamp}/`;
  const entries = await manifestEntries(s3, { bucket: archive, prefix: generation });
  if (entries !== contents.size) throw new Error(`the manifest has ${entries} entries of ${contents.size}`);
  const ended = await lastWorkflow(new Client({ connection })).finally(() => connection.close());
  return { seconds, ...ended, at: { bucket: archive, prefix: generation + raw.prefix } };
}

/** All contestants move the same objects in turn, each from where the one before has left them, the last back to raw. */
async function rounds(
  environment: BenchEnvironment,
  s3: S3Client,
  peers: readonly Peer[],
  count: number
): Promise<Map<string, Moved[]>> {
  const contents = await contentsOf(s3, raw);
  const samples = new Map<string, Moved[]>();
  for (let round = 0; round < count; round += 1) {
    let at = raw;
    const moved = async (by: string, to: Moved): Promise<void> => {
      await expectContents(s3, to.at, contents, by);
      await expectContents(s3, at, new Map(), by);
      samples.set(by, [...(samples.get(by) ?? []), to]);
      at = to.at;
    };
    await moved('Sluice', await bySluice(environment, s3, contents));
    const these = peers.filter(({ slow }) => !slow || round === 0);
    for (const [index, { by, move }] of these.entries()) {
      const to = index === these.length - 1 ? raw : { bucket: archive, prefix: `peers/${round}-${index}/` };
      await moved(by, { seconds: await timed(() => move(at, to)), at: to });
    }
  }
  return samples;
}

function publishRounds(
  name: string,
  title: string,
  size: { objects: number; bytes: number },
  samples: Map<string, Moved[]>,
  json: boolean,
  notes: readonly string[]
): void {
  publish(
    {
      bench: name,
      title,
      columns: ['s', 'workflow s', 'objects/s', 'MB/s'],
      reference: { by: 'Sluice', columns: ['s'] },
      measured: [...samples].map(([by, moved]) => ({
        by,
        samples: {
          s: moved.map(({ seconds }) => seconds),
          'workflow s': moved.flatMap(({ workflow }) => workflow ?? []),
          'objects/s': moved.map(({ seconds }) => size.objects / seconds),
          'MB/s': moved.map(({ seconds }) => (size.objects * size.bytes) / 1e6 / seconds),
        },
      })),
      notes: [...notes, `Sluice's workflow is ${samples.get('Sluice')?.[0]?.events} events.`],
    },
    json
  );
}

/** Moving objects within one S3 endpoint, the local one: Sluice's archive beside `aws s3 mv` and `rclone move`. */
export async function benchArchive({ objects, large, rounds: count, json }: ArchiveBenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const environment = await startEnvironment(folder);
  const s3 = new S3Client({ ...environment.aws, forcePathStyle: true });
  try {
    const peers = await archivePeers(environment, folder);
    const what = [
      'Seconds of the whole command, its start among them; of Sluice, of the workflow alone, too: in a pipeline nobody',
      'starts a command, and the rest is the start of Node and a connection to Temporal. Sluice copies an object, holds',
      'the copy against its source by two HeadObject calls, and deletes the sources when the manifest of all is written;',
      'the AWS CLI looks at nothing after a copy, rclone at size and MD5. All write STANDARD_IA. The endpoint is the',
      `local S3, one process of Node. ${warmUpObjects.toLocaleString('en')} objects were moved before the first round.`,
    ];
    const small = { objects, bytes: 4_096 };
    const last = peers[peers.length - 1];
    // The local S3 and the worker are compiled as they run: not at the cost of who comes first.
    await fillSmall(s3, raw, warmUpObjects, small.bytes);
    await rounds(environment, s3, last ? [last] : [], 1);
    await last?.move(raw, { bucket: archive, prefix: 'warm-up/' });
    await fillSmall(s3, raw, objects, small.bytes);
    const ofSmall = await rounds(environment, s3, peers, count);
    publishRounds(
      'archive',
      `Moving ${objects.toLocaleString('en')} objects of 4 KiB within one S3`,
      small,
      ofSmall,
      json,
      what
    );
    await last?.move(raw, { bucket: archive, prefix: 'done/' });
    const size = { objects: large, bytes: 1024 ** 3 };
    await fillLarge(s3, raw, large, size.bytes);
    const ofLarge = await rounds(
      environment,
      s3,
      peers.filter(({ byParts }) => !byParts),
      count
    );
    publishRounds('archive-large', `Moving ${large} objects of 1 GiB within one S3`, size, ofLarge, json, [
      ...what,
      'The local S3 keeps the bytes of a copy once, so that this measures calls, not disks. In its defaults the AWS CLI',
      'copies above 8 MB in parts, which the local S3 reads and writes: it is set to CopyObject, as rclone is by default.',
    ]);
  } finally {
    s3.destroy();
    await environment.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
