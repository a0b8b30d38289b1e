import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEnvironment } from '../environment.js';
import { publish } from '../report/report.js';
import { installedSizes } from './installed-sizes.js';

const root = join(import.meta.dirname, '..', '..');
const sluice = join(root, 'dist', 'client', 'main.js');

/** Seconds that a command takes to its end, or until a line on stdout or stderr has `until`. */
async function seconds(args: readonly string[], env: Record<string, string> = {}, until?: string): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let seen: number | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (until === undefined || seen !== undefined || !text.includes(until)) return;
      seen = performance.now();
      child.kill('SIGTERM');
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return ((seen ?? performance.now()) - start) / 1000;
}

/** How long commands take to start, beside bare Node, and what is installed. */
export async function benchStartup({ rounds, json }: { rounds: number; json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const environment = await startEnvironment(folder);
  const tasks: Record<string, () => Promise<number>> = {
    'node --eval 0': () => seconds(['--eval', '0']),
    'sluice --help': () => seconds([sluice, '--help']),
    'sluice plan --json': () => seconds([sluice, 'plan', '--json']),
    'sluice worker until it works': () => seconds([sluice, 'worker'], environment.env, 'Working on'),
    'sluice demo': () => seconds([sluice, 'demo', '--json']),
  };
  const samples: Record<string, number[]> = {};
  try {
    // The first round warms the file system's cache and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [by, task] of Object.entries(tasks)) {
        const taken = await task();
        if (round > 0) (samples[by] ??= []).push(taken);
      }
    }
  } finally {
    await environment.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const { total, largest } = await installedSizes(join(root, 'node_modules'), 5e6);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  publish(
    {
      bench: 'startup',
      title: `Time to start, median of ${rounds}`,
      columns: ['s'],
      reference: { by: 'node --eval 0', columns: ['s'] },
      measured: Object.entries(samples).map(([by, s]) => ({ by, samples: { s } })),
      notes: [
        `Installed with the development dependencies: ${megabytes(total)}; packages over 5 MB:`,
        ...largest.map(
          ({ name, bytes, development }) => `  ${name} ${megabytes(bytes)}${development ? ' (development)' : ''}`
        ),
      ],
    },
    json
  );
}
