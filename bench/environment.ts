import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const sluice = join(root, 'dist', 'client', 'main.js');

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * A local environment in a process of its own and a worker in another, both as users start them, from `dist`. The
 * worker's log is `worker.log` in the folder.
 */
export interface BenchEnvironment {
  /** Variables with which AWS and Temporal clients use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings of AWS SDK clients of it. */
  readonly aws: { readonly endpoint: string | undefined; readonly region: string; readonly credentials: Credentials };
  /** `postgres://…` of the warehouse. */
  readonly warehouse: string;
  /** Runs a `sluice` command with `--json` and gives its document. Rejects when it does not end with 0. */
  run(...args: string[]): Promise<Record<string, unknown>>;
  /** Peak resident memory in MiB so far: of the process with the local AWS, and of the worker. */
  peaks(): { readonly localAws: number; readonly worker: number };
  /** Process ids: of the one with the local AWS, whose children Temporal and PostgreSQL descend from, and of the worker. */
  readonly processes: { readonly localAws: number; readonly worker: number };
  stop(): Promise<void>;
}

/** Settings of {@link startEnvironment}. */
export interface BenchEnvironmentOptions {
  /** False leaves the worker out, whose peak is NaN then. */
  readonly worker?: boolean;
  /** Gives the URL of another DynamoDB endpoint for the worker, made over the local AWS. */
  readonly dynamodb?: (aws: BenchEnvironment['aws']) => Promise<string>;
  /** Lines of `sluice.yaml` besides the model. */
  readonly settings?: string;
}

/** Starts it in `folder` with the ecommerce model and an empty table. */
export async function startEnvironment(
  folder: string,
  { worker: withWorker = true, dynamodb, settings = '' }: BenchEnvironmentOptions = {}
): Promise<BenchEnvironment> {
  // Elsewhere than with the example's sample data, with which `sluice up` would fill the table.
  copyFileSync(join(root, 'examples', 'ecommerce', 'warehouse.yaml'), join(folder, 'warehouse.yaml'));
  writeFileSync(join(folder, 'sluice.yaml'), `model: warehouse.yaml\n${settings}`);
  const children: ChildProcess[] = [];
  const start = (
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    log: number | 'inherit' = 'inherit'
  ) => {
    const child = spawn(process.execPath, [sluice, ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', log],
    });
    children.push(child);
    return child;
  };
  const up = start(['up', '--no-worker', '--data', join(folder, 'data'), '--json'], {});
  const { env, warehouse } = JSON.parse(await firstDocument(up)) as Pick<BenchEnvironment, 'env' | 'warehouse'>;
  const aws = {
    endpoint: env['AWS_ENDPOINT_URL'],
    region: env['AWS_REGION'] ?? 'us-east-1',
    credentials: { accessKeyId: 'sluice', secretAccessKey: 'sluice' },
  };
  const workerEnv = dynamodb ? { ...env, AWS_ENDPOINT_URL_DYNAMODB: await dynamodb(aws) } : env;
  const log = openSync(join(folder, 'worker.log'), 'w');
  const worker = withWorker ? start(['worker'], workerEnv, log) : undefined;
  return {
    env,
    aws,
    warehouse,
    run: async (...args) => {
      const child = spawn(process.execPath, [sluice, ...args, '--json'], {
        cwd: folder,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
      const [code] = (await once(child, 'close')) as [number];
      if (code !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${code}: ${out}`);
      return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    },
    processes: { localAws: up.pid ?? 0, worker: worker?.pid ?? 0 },
    peaks: () => ({ localAws: peakOf(up.pid), worker: worker === undefined ? NaN : peakOf(worker.pid) }),
    stop: async () => {
      for (const child of children.reverse()) {
        child.kill('SIGTERM');
        await once(child, 'close');
      }
    },
  };
}

async function firstDocument(child: ChildProcess): Promise<string> {
  let out = '';
  for await (const chunk of child.stdout ?? []) {
    out += String(chunk);
    const line = out.split('\n').find((text) => text.startsWith('{') && text.endsWith('}'));
    if (line !== undefined) {
      child.stdout?.resume();
      return line;
    }
  }
  throw new Error('sluice up ended before everything answered');
}

function peakOf(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
