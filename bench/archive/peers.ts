import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pythonVenv } from '../../test/python-venv.js';
import type { BenchEnvironment } from '../environment.js';
import type { Place } from './places.js';
import { rclone } from './rclone.js';

/** A program that moves all objects of one place to another. */
export interface Peer {
  /** With version and settings. */
  readonly by: string;
  /** Copies large objects in parts, which the local S3 has to read and write. */
  readonly byParts: boolean;
  /** Much slower than the others: measured once. */
  readonly slow: boolean;
  move(from: Place, to: Place): Promise<void>;
}

const awsVersion = '1.45.6';
const rcloneVersion = 'v1.74.0';

async function run(program: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}

const uri = ({ bucket, prefix }: Place): string => `s3://${bucket}/${prefix}`;

async function awsPeers(folder: string, env: Record<string, string>): Promise<Peer[]> {
  const bin = await pythonVenv([`awscli==${awsVersion}`]);
  if (bin === undefined) return [];
  const peer = async (name: string, config: string, byParts: boolean): Promise<Peer> => {
    const file = join(folder, `aws ${name}.ini`);
    await writeFile(file, config);
    return {
      by: `aws s3 mv ${awsVersion}, ${name}`,
      byParts,
      slow: true,
      move: (from, to) => {
        const how = ['--recursive', '--only-show-errors', '--storage-class', 'STANDARD_IA'];
        return run(join(bin, 'aws'), ['s3', 'mv', ...how, uri(from), uri(to)], { ...env, AWS_CONFIG_FILE: file });
      },
    };
  };
  const tuned = ['[default]', 's3 =', '  max_concurrent_requests = 32', '  max_queue_size = 10000'];
  return [
    await peer('default', '', true),
    await peer('32 requests at a time', [...tuned, '  multipart_threshold = 5GB', ''].join('\n'), false),
  ];
}

async function rclonePeers(env: Record<string, string>): Promise<Peer[]> {
  const program = await rclone(rcloneVersion);
  if (program === undefined) return [];
  const settings = {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_LOCAL_TYPE: 's3',
    RCLONE_CONFIG_LOCAL_PROVIDER: 'Other',
    RCLONE_CONFIG_LOCAL_ENDPOINT: env['AWS_ENDPOINT_URL'] ?? '',
    RCLONE_CONFIG_LOCAL_REGION: env['AWS_REGION'] ?? '',
    RCLONE_CONFIG_LOCAL_ACCESS_KEY_ID: env['AWS_ACCESS_KEY_ID'] ?? '',
    RCLONE_CONFIG_LOCAL_SECRET_ACCESS_KEY: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    RCLONE_CONFIG_LOCAL_STORAGE_CLASS: 'STANDARD_IA',
  };
  const place = ({ bucket, prefix }: Place): string => `local:${bucket}/${prefix}`;
  const peer = (name: string, options: readonly string[]): Peer => ({
    by: `rclone move ${rcloneVersion}, ${name}`,
    byParts: false,
    slow: false,
    move: (from, to) => run(program, ['move', '--quiet', ...options, place(from), place(to)], settings),
  });
  const tuned = ['--transfers=32', '--checkers=32', '--fast-list', '--no-check-dest', '--s3-no-check-bucket'];
  return [peer('default', []), peer('32 transfers', [...tuned, '--use-server-modtime'])];
}

/** The peers that can be installed here, for a local environment; configuration goes to `folder`. */
export async function archivePeers({ env }: BenchEnvironment, folder: string): Promise<Peer[]> {
  return [...(await awsPeers(folder, env)), ...(await rclonePeers(env))];
}
