import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withFolderLock } from '../../../local/process/folder-lock.js';
import { checkPort, freePort, PortError } from '../../../local/process/ports.js';
import { processStartTime } from '../../../local/process/process-identity.js';
import { settledWithin } from '../../../local/process/settled-within.js';
import { Teardown } from '../../../local/process/teardown.js';
import { cacheFolder, stateFolder } from '../../../local/process/user-folders.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice test '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('processStartTime', () => {
  it('is the same for a process each time, and undefined once it has ended', async () => {
    const child = spawn('sleep', ['60']);
    const first = await processStartTime(child.pid!);
    expect(first).toBeTruthy();
    await setTimeout(30);
    expect(await processStartTime(child.pid!)).toBe(first);
    expect(await processStartTime(process.pid)).not.toBe(first);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await processStartTime(child.pid!)).toBeUndefined();
  });
});

describe('withFolderLock', () => {
  it('lets one in at a time, and tells the others that they wait', async () => {
    const lock = join(folder, 'a lock');
    let inside = 0;
    let most = 0;
    let waits = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, (inside += 1));
      await setTimeout(50);
      inside -= 1;
    };
    const options = { onWait: () => (waits += 1) };
    await Promise.all([1, 2, 3].map(() => withFolderLock(lock, work, options)));
    expect({ inside, most, waits }).toEqual({ inside: 0, most: 1, waits: 2 });
  });

  it('is let go of when the work fails, and by a process that is killed', async () => {
    const lock = join(folder, 'killed');
    await expect(withFolderLock(lock, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    const script = `const { ClassicLevel } = require('classic-level');
      new ClassicLevel(${JSON.stringify(lock)}).open().then(() => console.log('held')); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const waited = withFolderLock(lock, () => Promise.resolve('mine'), { onWait: () => holder.kill('SIGKILL') });
    expect(await waited).toBe('mine');
  });

  it('stops waiting when it is told to', async () => {
    const lock = join(folder, 'aborted');
    const abort = new AbortController();
    await withFolderLock(lock, async () => {
      const waiting = withFolderLock(lock, () => Promise.resolve(), {
        signal: abort.signal,
        onWait: () => abort.abort(),
      });
      await expect(waiting).rejects.toThrow(/abort/i);
    });
  });
});

describe('ports', () => {
  it('finds a free one, and says what to do about one in use', async () => {
    const server = createServer().listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const failure = await checkPort(port, 'the AWS endpoint').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PortError);
    expect(failure).toMatchObject({ port, purpose: 'the AWS endpoint', reason: 'EADDRINUSE' });
    expect((failure as Error).message).toMatch(/in use.*another port/);
    server.close();
    await once(server, 'close');
    await checkPort(port, 'the AWS endpoint');
  });
});

describe('folders of the user', () => {
  const home = join(folder, 'home');
  beforeAll(() => void vi.stubEnv('TMPDIR', folder));
  afterAll(() => void vi.unstubAllEnvs());

  it('follows SLUICE_CACHE, XDG and HOME, in this order, with mode 0700', () => {
    expect(cacheFolder({ HOME: home })).toBe(join(home, '.cache/sluice'));
    expect(stateFolder({ HOME: home })).toBe(join(home, '.local/state/sluice'));
    const xdg = { HOME: home, XDG_CACHE_HOME: join(home, 'c'), XDG_STATE_HOME: join(home, 's') };
    expect(cacheFolder(xdg)).toBe(join(home, 'c/sluice'));
    expect(stateFolder(xdg)).toBe(join(home, 's/sluice'));
    expect(cacheFolder({ ...xdg, SLUICE_CACHE: join(home, 'own') })).toBe(join(home, 'own'));
    expect(statSync(join(home, '.cache/sluice')).mode & 0o777).toBe(0o700);
  });

  it('takes the temporary folder when the home cannot be written to', () => {
    writeFileSync(join(folder, 'file'), '');
    const env = { HOME: join(folder, 'file') };
    expect(cacheFolder(env).startsWith(join(tmpdir(), 'sluice-'))).toBe(true);
    expect(stateFolder(env).startsWith(join(tmpdir(), 'sluice-'))).toBe(true);
    expect(existsSync(cacheFolder(env))).toBe(true);
  });

  it('works without HOME', () => {
    expect(existsSync(stateFolder({}))).toBe(true);
  });

  it('refuses a SLUICE_CACHE that cannot be used', () => {
    expect(() => cacheFolder({ SLUICE_CACHE: join(folder, 'file', 'cache') })).toThrow(/SLUICE_CACHE cannot be used/);
  });

  it.skipIf(process.getuid?.() === 0)('takes the temporary folder when the home is read-only', () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    expect(cacheFolder({ HOME: locked }).startsWith(tmpdir())).toBe(true);
  });
});

describe('settledWithin', () => {
  it('tells whether a promise has settled, and never throws what it throws', async () => {
    expect(await settledWithin(Promise.resolve(1), 1_000)).toBe(true);
    expect(await settledWithin(Promise.reject(new Error('no')), 1_000)).toBe(true);
    expect(await settledWithin(new Promise(() => undefined), 10)).toBe(false);
  });

  it('throws the reason of an aborted signal', async () => {
    const abort = new AbortController();
    const waiting = settledWithin(new Promise(() => undefined), 60_000, abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('Teardown', () => {
  it('undoes everything once, backwards, whatever fails or hangs, and what comes too late at once', async () => {
    const undone: string[] = [];
    const lines: string[] = [];
    const teardown = new Teardown((line) => lines.push(line));
    const step = (name: string) => teardown.add(name, () => Promise.resolve(void undone.push(name)));
    await step('first');
    await teardown.add('broken', () => Promise.reject(new Error('out of order')));
    await teardown.add('hanging', () => new Promise(() => undefined), 20);
    await step('last');
    expect(teardown.begun).toBe(false);
    await Promise.all([teardown.run(), teardown.run()]);
    await step('late');
    expect(undone).toEqual(['last', 'first', 'late']);
    expect(lines).toEqual(['hanging did not stop within 0.02 s', 'While stopping broken: out of order']);
  });
});
