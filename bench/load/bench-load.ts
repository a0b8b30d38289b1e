import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeExportCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExportTableToPointInTimeCommand,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { loadItems } from '../../local/environment/load-items.js';
import { shopItems } from '../elt/shop-items.js';
import { startEnvironment } from '../environment.js';
import type { BenchEnvironment } from '../environment.js';
import { publish } from '../report/report.js';
import type { Measured } from '../report/report.js';
import { ItemSum, addDataFile } from './item-sum.js';
import { scanToFiles } from './scan-files.js';
import { peers, startPeer } from './servers.js';
import type { Peer } from './servers.js';

const source: Parameters<typeof loadItems>[1] = {
  table: 'ecommerce',
  keys: [
    { name: 'PK', type: 'S', role: 'HASH' },
    { name: 'SK', type: 'S', role: 'RANGE' },
  ],
};

/** Sizes and repetitions of {@link benchLoad}. */
export interface LoadBenchOptions {
  /** Items that Sluice is given; the slow peers get a share of them. */
  readonly items: number;
  readonly rounds: number;
  readonly withoutPeers?: boolean;
  readonly json: boolean;
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000;
const shown = (items: number): string => items.toLocaleString('en');

/** What one contestant took in one round, and the sum of the items in the files that it wrote. */
interface Round {
  readonly loadSeconds: number;
  readonly exportSeconds: number;
  /** MiB. */
  readonly peak: number;
  readonly sum: string;
}

async function timedLoad(client: DynamoDBClient, items: number): Promise<number> {
  const start = performance.now();
  await loadItems(client, source, shopItems(items));
  return secondsSince(start);
}

/** A full export, its data files read back from S3. */
async function exported({ aws }: BenchEnvironment, client: DynamoDBClient): Promise<{ seconds: number; sum: string }> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: source.table }));
  const start = performance.now();
  const { ExportDescription } = await client.send(
    new ExportTableToPointInTimeCommand({ TableArn: Table?.TableArn, S3Bucket: 'sluice-raw', S3Prefix: 'bench' })
  );
  for (let status = ExportDescription?.ExportStatus; status !== 'COMPLETED';) {
    if (status === 'FAILED') throw new Error('the export failed');
    await setTimeout(100);
    const answer = await client.send(new DescribeExportCommand({ ExportArn: ExportDescription?.ExportArn }));
    status = answer.ExportDescription?.ExportStatus;
  }
  const seconds = secondsSince(start);
  const sum = new ItemSum();
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: 'sluice-raw' })) {
    for (const { Key } of Contents.filter((object) => object.Key?.endsWith('.json.gz'))) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'sluice-raw', Key }));
      await addDataFile(sum, Body as Readable);
    }
  }
  s3.destroy();
  return { seconds, sum: sum.toString() };
}

async function sluiceRound(items: number): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const environment = await startEnvironment(folder, { worker: false });
  const client = new DynamoDBClient(environment.aws);
  try {
    const loadSeconds = await timedLoad(client, items);
    const { seconds: exportSeconds, sum } = await exported(environment, client);
    return { loadSeconds, exportSeconds, peak: environment.peaks().localAws, sum };
  } finally {
    client.destroy();
    await environment.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function createTable(client: DynamoDBClient): Promise<void> {
  const S = (...names: string[]) => names.map((name) => ({ AttributeName: name, AttributeType: 'S' as const }));
  const schema = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  await client.send(
    new CreateTableCommand({
      TableName: source.table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: S('PK', 'SK', 'GSIpk', 'GSIsk'),
      KeySchema: schema('PK', 'SK'),
      GlobalSecondaryIndexes: [
        { IndexName: 'GSI1', KeySchema: schema('GSIpk', 'GSIsk'), Projection: { ProjectionType: 'ALL' } },
      ],
    })
  );
  await setTimeout(1_000);
}

async function peerRound(peer: Peer, items: number): Promise<Round | undefined> {
  const server = await startPeer(peer);
  if (server === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    await createTable(server.client);
    const loadSeconds = await timedLoad(server.client, items);
    const start = performance.now();
    const files = await scanToFiles(server.client, source.table, folder);
    const exportSeconds = secondsSince(start);
    const sum = new ItemSum();
    for (const file of files) await addDataFile(sum, file);
    return { loadSeconds, exportSeconds, peak: server.peak(), sum: sum.toString() };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The sum of the generated items, by their number. */
const expected = new Map<number, string>();
function expectedSum(items: number): string {
  let sum = expected.get(items);
  if (sum === undefined) {
    const adding = new ItemSum();
    for (const item of shopItems(items)) adding.add(item);
    expected.set(items, (sum = adding.toString()));
  }
  return sum;
}

/** Loading a table by BatchWriteItem and exporting it whole: Sluice's local DynamoDB beside others. */
export async function benchLoad({ items, rounds, withoutPeers, json }: LoadBenchOptions): Promise<void> {
  const contestants = [
    { by: `Sluice, ${shown(items)} items`, items, run: () => sluiceRound(items) },
    ...(withoutPeers ? [] : peers).map((peer) => {
      const own = Math.max(1_000, Math.round(items * peer.share));
      return { by: `${peer.by}, ${shown(own)} items`, items: own, run: () => peerRound(peer, own) };
    }),
  ];
  const samples: Record<string, Record<string, number[]>> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const { by, items: own, run } of contestants) {
      const result = await run();
      if (result === undefined) continue;
      if (result.sum !== expectedSum(own)) throw new Error(`${by}: ${result.sum}, not ${expectedSum(own)}`);
      const values = {
        'load items/s': own / result.loadSeconds,
        'export items/s': own / result.exportSeconds,
        'load s': result.loadSeconds,
        'export s': result.exportSeconds,
        'peak MiB': result.peak,
      };
      console.error(by, JSON.stringify(values));
      for (const [column, value] of Object.entries(values)) ((samples[by] ??= {})[column] ??= []).push(value);
    }
  }
  const [sluice] = contestants;
  publish(
    {
      bench: 'load',
      title: `Loading a DynamoDB table by BatchWriteItem and exporting it whole, median of ${rounds}`,
      columns: ['load items/s', 'export items/s', 'load s', 'export s', 'peak MiB'],
      reference: { by: sluice?.by ?? '', columns: ['load items/s', 'export items/s'] },
      measured: Object.entries(samples).map(([by, own]): Measured => ({ by, samples: own })),
      notes: [
        'The same items of 355 bytes on average and the same loader, sixteen batches of 25 at a time, in a process of its own.',
        'Sluice keeps the table on disk, with an index, point-in-time recovery on, and exports by ExportTableToPointInTime.',
        'The others keep the table in memory, with the same index, and have no export: a Scan in four segments to gzip files stands in for it.',
        'The items in the files of every contestant were counted and compared with those generated.',
      ],
    },
    json
  );
}
