import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startGuardedProcess } from '../../../local/process/guarded-process.js';
import { eventually, processesWith } from './process-group.js';

const onLinux = existsSync('/proc/self/cmdline');
const source = pathToFileURL(resolve(import.meta.dirname, '../../../local/process/guarded-process.ts')).href;

/** A server that marks its processes with `mark`, and ends in order only when `trap` says how. */
function server(mark: string, trap = ''): readonly string[] {
  return ['-c', `${trap} echo ready; while :; do sleep 0.1; done # ${mark}`];
}

/** Starts a Node process that runs a guarded server, and resolves once the server is ready. */
async function parentOf(mark: string, args: readonly string[]): Promise<ReturnType<typeof spawn>> {
  const script = `
    const { startGuardedProcess } = await import(${JSON.stringify(source)});
    const server = startGuardedProcess({ file: '/bin/sh', args: ${JSON.stringify(args)} });
    while (!server.output().includes('ready')) await new Promise((resolve) => setTimeout(resolve, 20));
    console.log('started');
    setInterval(() => undefined, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(parent.stdout!, 'data');
  return parent;
}

describe.skipIf(!onLinux)('startGuardedProcess (needs /proc)', () => {
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
    it(`ends the server and its guard when the parent ends by ${signal}`, async () => {
      const mark = randomUUID();
      const parent = await parentOf(mark, server(mark));
      expect(processesWith(mark).length).toBeGreaterThan(1);
      parent.kill(signal);
      await once(parent, 'exit');
      await eventually(() => processesWith(mark).length === 0, 'server and guard gone', 5_000);
    });
  }

  it('kills a server that ignores the signal when the parent is gone', async () => {
    const mark = randomUUID();
    const parent = await parentOf(mark, server(mark, `trap '' TERM;`));
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await eventually(() => processesWith(mark).length === 0, 'server and guard gone', 15_000);
  });

  it('takes along what the server leaves behind in its process group', async () => {
    const mark = randomUUID();
    const parent = await parentOf(mark, ['-c', `sh -c 'sleep 1000 # ${mark}' & echo ready; wait # ${mark}`]);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await eventually(() => processesWith(mark).length === 0, 'the whole group gone', 5_000);
  });

  it('leaves no watcher behind when the server is stopped', async () => {
    const mark = randomUUID();
    const guarded = startGuardedProcess({ file: '/bin/sh', args: server(mark, `trap 'exit 7' TERM;`) });
    await eventually(() => guarded.output().includes('ready'), 'server ready');
    await Promise.all([guarded.stop(), guarded.stop()]);
    expect(await guarded.exited).toBe(7);
    expect(processesWith(mark)).toEqual([]);
  });

  it('leaves no watcher behind when the server ends by itself, and keeps its last words', async () => {
    const mark = randomUUID();
    const guarded = startGuardedProcess({ file: '/bin/sh', args: ['-c', `echo last words >&2; exit 3 # ${mark}`] });
    expect(await guarded.exited).toBe(3);
    expect(guarded.output()).toContain('last words');
    expect(processesWith(mark)).toEqual([]);
    await guarded.stop();
  });

  it('kills after the grace period a server that does not stop', async () => {
    const mark = randomUUID();
    const guarded = startGuardedProcess({ file: '/bin/sh', args: server(mark, `trap '' TERM;`) });
    await eventually(() => guarded.output().includes('ready'), 'server ready');
    await guarded.stop(300);
    await eventually(() => processesWith(mark).length === 0, 'server and guard gone', 2_000);
    expect(await guarded.exited).toBe(137);
  });

  it('tells the signal that ended the server', async () => {
    const guarded = startGuardedProcess({ file: '/bin/sh', args: ['-c', 'kill -KILL $$'] });
    expect(await guarded.exited).toBe(137);
  });

  it('stops the server when only the guard was killed', async () => {
    const mark = randomUUID();
    const guarded = startGuardedProcess({ file: '/bin/sh', args: server(mark) });
    await eventually(() => guarded.output().includes('ready'), 'server ready');
    process.kill(Math.min(...processesWith(mark).map(({ pid }) => pid)), 'SIGKILL'); // the guard was the first of them
    await guarded.exited;
    await eventually(() => processesWith(mark).length === 0, 'server and watcher gone', 15_000);
  });

  it('shows an executable that is not there as an early end', async () => {
    const guarded = startGuardedProcess({ file: '/nowhere/server', args: [] });
    expect(await guarded.exited).toBe(127);
    expect(guarded.output()).toContain('/nowhere/server');
  });
});
