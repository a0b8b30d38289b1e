import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSluice, sluice } from './sluice.js';

const commands = [
  'demo',
  'up',
  'down',
  'worker',
  'run elt',
  'run batch',
  'plan',
  'runs',
  'show',
  'archive',
  'restore',
  'query',
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice usage '));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('help', () => {
  it('lists every command', async () => {
    const { code, stdout } = await sluice(['--help']);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command.split(' ')[0]} `, 'm'));
  });

  it.each(commands)('of %s has an example, --json and --config', async (command) => {
    const { code, stdout, stderr } = await sluice([...command.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`\nExamples:\n  $ sluice ${command}`);
    expect(stdout).toContain('--json');
    expect(stdout).toContain('--config <file>');
  });

  it('loads nothing but the command line parser', async () => {
    const record = join(folder, 'imports.txt');
    const ended = startSluice(['demo', '--help'], {
      env: { RECORD_IMPORTS: record },
      imports: [join(import.meta.dirname, 'record-imports.mjs')],
    }).ended;
    expect(await ended).toBe(0);
    const imported = readFileSync(record, 'utf8').split('\n');
    const packages = imported.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
    expect([...new Set(packages)].filter((name) => name !== 'tsx' && name !== 'esbuild')).toEqual(['commander']);
    // They import nothing.
    const constants = ['/model/overlap-policies.js', '/model/task-queues.js', '/workers/project-version.js'];
    const own = imported.flatMap((url) => /\/(client|model|local|workers|activities)\/.*$/.exec(url)?.[0] ?? []);
    const heavy = own.filter((path) => !path.startsWith('/client/') || path.startsWith('/client/commands/'));
    expect(heavy.filter((path) => !constants.includes(path))).toEqual([]);
  });

  it('names the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect((await sluice(['--version'])).stdout).toBe(`${version}\n`);
  });
});

describe('bad usage', () => {
  it.each([
    [[], 'Usage: sluice'],
    [['run'], 'Usage: sluice run'],
    [['fly'], "unknown command 'fly'"],
    [['restore', '--at', 'yesterday'], '--at yesterday: a time is written 2026-03-01T12:00:00Z'],
    [['demo', '--fast'], "unknown option '--fast'"],
    [['demo', '--scale', '0'], 'It must be a whole number from 1.'],
    [['up', '--port', '70000'], 'It must be a port from 1 to 65535.'],
    [['run', 'elt', '--fresh', '--run-key', 'a'], "cannot be used with option '--fresh'"],
    [['query'], "missing required argument 'sql'"],
    [['show'], "missing required argument 'run'"],
    [['schedule', 'backfill', 'nightly'], "required option '--from <time>' not specified"],
  ])('%j exits with 2 and says why', async (args, message) => {
    const { code, stdout, stderr } = await sluice(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('is told as a document under --json', async () => {
    const { code, document } = await sluice(['demo', '--scale', 'many', '--json']);
    expect(code).toBe(2);
    expect(document).toEqual({
      error: { message: "option '--scale <n>' argument 'many' is invalid. It must be a whole number from 1." },
    });
  });
});

describe('a configuration that cannot be used', () => {
  it('exits with 2 and lists every problem', async () => {
    const config = join(folder, 'sluice.yaml');
    await writeFile(config, 'buckets: {raw: UPPER}\ntaskQueue: ""\nspeed: fast\n');
    const { code, document, stderr } = await sluice(['runs', '--config', config, '--json']);
    expect(code).toBe(2);
    const { error } = document as { error: { message: string; problems: string[] } };
    expect(error.message).toContain(config);
    expect(error.problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'buckets.raw',
      'speed',
      'taskQueue',
    ]);
    for (const problem of error.problems) expect(stderr).toContain(`  - ${problem}`);
  });

  it('is a missing file as well', async () => {
    const { code, stderr } = await sluice(['query', 'SELECT 1', '--config', join(folder, 'none.yaml')]);
    expect(code).toBe(2);
    expect(stderr).toContain('there is no such file');
  });
});

describe('a server that is not there', () => {
  it('is told by its address, with what to do', async () => {
    const { code, stderr } = await sluice(['runs'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    expect(code).toBe(2);
    expect(stderr).toContain('No Temporal server answers at 127.0.0.1:1');
    expect(stderr).toContain('sluice up');
  });

  it('of AWS is told with the variables to set', async () => {
    const state = { XDG_STATE_HOME: folder };
    const noRegion = await sluice(['query', 'SELECT 1', '--json'], { env: state });
    expect(noRegion.code).toBe(2);
    expect(JSON.stringify(noRegion.document)).toMatch(/AWS_REGION.*SLUICE_WORKGROUP/);
    const refused = await sluice(['query', 'SELECT 1'], {
      env: {
        ...state,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      },
    });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('ECONNREFUSED');
  });

  it('leaves down with nothing to do', async () => {
    const { code, document } = await sluice(['down', '--json'], { env: { XDG_STATE_HOME: folder } });
    expect({ code, document }).toEqual({ code: 0, document: { stopped: [] } });
  });
});

describe('items that cannot be loaded', () => {
  const item = '{"Item": {"PK": {"S": "CUST#a"}, "SK": {"S": "CUST#a"}, "type": {"S": "customer"}}}\n';

  it.each([
    ['missing.jsonl', undefined, 'no such file'],
    ['garbage.jsonl', 'not an item\n', 'line 1: not JSON'],
    ['keyless.jsonl', `${item}{"Item": {"PK": {"S": "CUST#b"}}}\n`, 'line 2: key attribute SK is missing'],
    ['truncated.jsonl.gz', gzipSync(item.repeat(400)).subarray(0, -12), 'the file is truncated'],
  ])('%s ends the demo with 2 before anything starts', async (name, content, problem) => {
    const file = join(folder, name);
    if (content !== undefined) await writeFile(file, content);
    const { code, document, stderr } = await sluice(['demo', '--items', file, '--json']);
    expect(code).toBe(2);
    const { error } = document as { error: { message: string; problems: string[] } };
    expect(error.message).toContain(file);
    expect(error.problems.at(-1)).toContain(problem);
    expect(stderr).not.toContain('Start the local AWS');
  });
});
