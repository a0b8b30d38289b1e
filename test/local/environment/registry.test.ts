import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findRunningEnvironments,
  registerEnvironment,
  stopRunningEnvironment,
} from '../../../local/environment/registry.js';
import type { RunningEnvironment } from '../../../local/environment/registry.js';

const module = pathToFileURL(resolve(import.meta.dirname, '../../../local/environment/registry.ts')).href;
const addresses = { env: { AWS_REGION: 'us-east-1' }, temporalUi: 'http://127.0.0.1:1', warehouse: 'postgres://x' };

let folder: string;
let env: NodeJS.ProcessEnv;
const processes: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice registry '));
  env = { XDG_STATE_HOME: join(folder, 'state') };
});
afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

const notes = (): string[] => readdirSync(join(folder, 'state/sluice/environments'));

/** A process that notes an environment on `data` and, unless `deaf`, removes the note and ends on SIGTERM. */
async function run(
  kind: 'up' | 'demo',
  data: string,
  options: { deaf?: boolean; temporary?: boolean } = {}
): Promise<ChildProcess> {
  mkdirSync(data, { recursive: true });
  const note = JSON.stringify({ kind, data, temporary: options.temporary ?? false });
  const script = `
    const { registerEnvironment } = await import(${JSON.stringify(module)});
    const note = await registerEnvironment(${note}, ${JSON.stringify(env)});
    await note.ready(${JSON.stringify(addresses)});
    process.on('SIGTERM', async () => { if (${options.deaf === true}) return; await note.remove(); process.exit(0); });
    setInterval(() => undefined, 1000);
    console.log('ready');`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  await once(child.stdout!, 'data');
  return child;
}

async function only(): Promise<RunningEnvironment> {
  const found = await findRunningEnvironments(env);
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('the note of a running environment', () => {
  it('is found with its addresses, also in its data folder, and only its user can read it', async () => {
    const data = join(folder, 'my data');
    mkdirSync(data);
    const note = await registerEnvironment({ kind: 'up', data, temporary: false }, env);
    expect(await only()).toMatchObject({ pid: process.pid, kind: 'up', data });
    expect((await only()).env).toBeUndefined();
    expect(existsSync(join(data, 'environment.json'))).toBe(false); // the folder may turn out to be another's
    await note.ready(addresses);
    expect(await only()).toMatchObject({ ...addresses, temporary: false });
    expect(JSON.parse(readFileSync(join(data, 'environment.json'), 'utf8'))).toMatchObject(addresses);
    expect(statSync(join(data, 'environment.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'state/sluice/environments', notes()[0]!)).mode & 0o777).toBe(0o600);
    await note.remove();
    expect(await findRunningEnvironments(env)).toEqual([]);
    expect(readdirSync(data)).toEqual([]);
  });

  it('does not remove the note that another environment has put into the data folder since', async () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const note = await registerEnvironment({ kind: 'up', data, temporary: false }, env);
    const other = await run('up', data);
    await note.remove();
    expect(JSON.parse(readFileSync(join(data, 'environment.json'), 'utf8'))).toMatchObject({ pid: other.pid });
  });
});

describe('stopRunningEnvironment', () => {
  it('ends the very process and leaves a demo beside it alone', async () => {
    const up = await run('up', join(folder, 'up'));
    const demo = await run('demo', join(folder, 'demo'));
    const [first, second] = await findRunningEnvironments(env);
    expect([first?.kind, second?.kind]).toEqual(['up', 'demo']);
    await stopRunningEnvironment(first!, { env });
    expect(up.exitCode ?? (await once(up, 'exit'))[0]).toBe(0);
    expect(await only()).toMatchObject({ kind: 'demo', pid: demo.pid });
    expect(demo.exitCode).toBeNull();
  });

  it('never signals a process that has taken over the id', async () => {
    const bystander = await run('demo', join(folder, 'demo'));
    const found = await only();
    await stopRunningEnvironment({ ...found, startTime: 'another time' }, { env });
    expect(bystander.exitCode).toBeNull();
    expect(await only()).toEqual(found);
  });

  it('says how to end one that does not stop', async () => {
    const child = await run('up', join(folder, 'up'), { deaf: true });
    await expect(stopRunningEnvironment(await only(), { env, timeoutMs: 200 })).rejects.toThrow(`kill -9 ${child.pid}`);
  });
});

describe('after a process was killed', () => {
  it('sweeps its note and its temporary data folder', async () => {
    const data = mkdtempSync(join(tmpdir(), 'sluice-data-'));
    writeFileSync(join(data, 'object'), 'bytes');
    const child = await run('demo', data, { temporary: true });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(data)).toBe(true);
    expect(await findRunningEnvironments(env)).toEqual([]);
    expect(existsSync(data)).toBe(false);
    expect(notes()).toEqual([]);
  });

  it('leaves a data folder that was asked for, but for the note in it', async () => {
    const data = join(folder, 'data');
    const child = await run('up', data);
    writeFileSync(join(data, 'object'), 'bytes');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await findRunningEnvironments(env)).toEqual([]);
    expect(readdirSync(data)).toEqual(['object']);
    expect(notes()).toEqual([]);
  });

  it('never removes a folder that does not say it was that environment', async () => {
    const data = mkdtempSync(join(tmpdir(), 'sluice-data-'));
    const child = await run('demo', data, { temporary: true });
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(join(data, 'environment.json'));
    expect(await findRunningEnvironments(env)).toEqual([]);
    expect(existsSync(data)).toBe(true);
    rmSync(data, { recursive: true });
  });

  it('leaves alone what it cannot read and what another machine noted', async () => {
    const child = await run('up', join(folder, 'up'));
    const [name] = notes();
    const place = join(folder, 'state/sluice/environments');
    const noted = JSON.parse(readFileSync(join(place, name!), 'utf8')) as object;
    writeFileSync(join(place, 'elsewhere.json'), JSON.stringify({ ...noted, host: 'another-machine', pid: 999_999 }));
    writeFileSync(join(place, 'half.json'), '{"version":');
    expect(await only()).toMatchObject({ pid: child.pid });
    expect(notes().sort()).toEqual([name, 'elsewhere.json', 'half.json'].sort());
  });
});
