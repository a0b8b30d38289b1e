import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publish } from '../report/report.js';
import type { Measured } from '../report/report.js';
import { startEnvironment } from '../environment.js';
import { exportFiles } from './export-files.js';
import { startExportFront } from './export-front.js';
import type { ExportFront } from './export-front.js';
import { runSluice, sql } from './sluice-run.js';

/** Sizes of {@link benchEltScale}. */
export interface EltScaleOptions {
  /** Adds 15,000,000 items. */
  readonly largest?: boolean;
  readonly json: boolean;
}

interface Point {
  readonly items: number;
  readonly seconds: number;
}

/** Slope of log seconds on log items by least squares: 1 where twice the items take twice the time. */
function exponent(points: readonly Point[]): number {
  const logs = points.map(({ items, seconds }) => [Math.log(items), Math.log(seconds)] as const);
  const mean = (of: 0 | 1): number => logs.reduce((sum, log) => sum + log[of], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0);
  return covariance / logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
}

/** One run of so many items in an environment of its own, with the peak memory of both processes in MiB. */
async function measure(items: number): Promise<Record<string, number>> {
  const files = await exportFiles(items);
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  let front: ExportFront | undefined;
  const environment = await startEnvironment(folder, {
    dynamodb: async (aws) => (front = await startExportFront(aws)).url,
  });
  front?.use(files);
  try {
    const seconds = await runSluice(environment);
    const counts = `SELECT (SELECT count(*) FROM landing.customer) + (SELECT count(*) FROM landing."order") +
      (SELECT count(*) FROM landing.product) AS landed, (SELECT count(*) FROM dwh."order") AS facts,
      (SELECT count(*) FROM landing.product) AS lines`;
    const { landed, facts, lines } = (await sql(environment.warehouse, counts)) as Record<string, string>;
    if (Number(landed) !== items || facts !== lines) {
      throw new Error(`Of ${items} items ${landed} were landed, and of ${lines} lines ${facts} loaded`);
    }
    const { localAws, worker } = environment.peaks();
    return {
      ...seconds,
      'µs an item': (seconds['total s']! / items) * 1e6,
      'local AWS MiB': localAws,
      'worker MiB': worker,
    };
  } finally {
    await environment.stop();
    await front?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** How the cost of a run grows with the items, and what memory it takes. */
export async function benchEltScale({ largest, json }: EltScaleOptions): Promise<void> {
  const sizes = [15_000, 150_000, 1_500_000, ...(largest ? [15_000_000] : [])];
  const measured: Measured[] = [];
  const points: Point[] = [];
  for (const items of sizes) {
    const values = await measure(items);
    console.error(items, JSON.stringify(values));
    points.push({ items, seconds: values['total s']! });
    const samples = Object.fromEntries(Object.entries(values).map(([column, value]) => [column, [value]]));
    measured.push({ by: `${items.toLocaleString('en')} items`, samples });
  }
  const [smallest, ...rest] = points;
  const last = points.at(-1)!;
  const perItem = (last.seconds - smallest!.seconds) / (last.items - smallest!.items);
  const fixed = smallest!.seconds - perItem * smallest!.items;
  publish(
    {
      bench: 'elt-scale',
      title: 'Sluice from the export in S3 to a loaded star by number of items, one run each',
      columns: ['lake s', 'landing s', 'star s', 'total s', 'µs an item', 'local AWS MiB', 'worker MiB'],
      reference: { by: measured[0]!.by, columns: [] },
      measured,
      notes: [
        `Exponent, the slope of log seconds on log items: ${exponent(rest).toFixed(2)} from 150,000 items on, ${exponent(points).toFixed(2)} over all.`,
        `A run costs ${Math.max(0, fixed).toFixed(1)} s whatever its size, and ${(perItem * 1e6).toFixed(1)} µs an item, by its smallest and largest size.`,
        'Each size runs in an environment of its own, from a generated export whose order has nothing to do with its keys’; memory is the peak of the resident set.',
      ],
    },
    json
  );
}
