import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEnvironment } from '../environment.js';
import { publish } from '../report/report.js';
import { installedPackages } from './installed-sizes.js';
import type { InstalledPackage } from './installed-sizes.js';

const root = join(import.meta.dirname, '..', '..');
const sluice = join(root, 'dist', 'client', 'main.js');

/** Seconds that `node` with these arguments takes to its end, or until what it prints has `until`. */
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

/** Seconds of an installation without the development dependencies, and without building, from npm's cache. */
async function installation(folder: string): Promise<number> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const file of ['package.json', 'package-lock.json']) await copyFile(join(root, file), join(folder, file));
  const start = performance.now();
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const [code] = (await once(spawn('npm', args, { cwd: folder, stdio: 'ignore' }), 'close')) as [number | null];
  if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code}`);
  return (performance.now() - start) / 1000;
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
    'npm ci --omit=dev, from its cache': () => installation(join(folder, 'installed')),
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
  const packages = await installedPackages(join(root, 'node_modules'));
  const needed = packages.filter(({ development }) => !development);
  publish(
    {
      bench: 'startup',
      title: `Time until commands have started, and what is installed; median of ${rounds}`,
      columns: ['s'],
      reference: { by: 'node --eval 0', columns: ['s'] },
      measured: Object.entries(samples).map(([by, s]) => ({ by, samples: { s } })),
      notes: [
        'Aims: `sluice --help` 0.15 s, the worker 2 s, `sluice demo` 25 s (5,000 items loaded, run and checked).',
        `Installed to run Sluice: ${megabytes(needed)} in ${needed.length} packages; for its development ${megabytes(packages)}.`,
        `Packages over 5 MB: ${needed
          .filter(({ bytes }) => bytes >= 5e6)
          .map(sized)
          .join(', ')};`,
        `for development: ${packages
          .filter(({ bytes, development }) => development && bytes >= 5e6)
          .map(sized)
          .join(', ')}.`,
      ],
    },
    json
  );
}

const sized = (one: InstalledPackage): string => `${one.name} ${megabytes([one])}`;

function megabytes(packages: readonly InstalledPackage[]): string {
  return `${(packages.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB`;
}
