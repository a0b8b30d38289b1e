import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../local/process/ports.js';
import { parseServerVersion } from '../../../local/temporal/executable.js';
import { pathCandidates } from '../../../local/temporal/find-temporal-server.js';
import { findTemporalServer, TemporalNotFoundError } from '../../../local/temporal/index.js';
import type { TemporalExecutable } from '../../../local/temporal/index.js';
import { tryInOrder } from '../../../local/temporal/sources.js';

const good = 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)';

/** No registry and no download service is reached in these tests: the proxy does not exist. */
const offline = { HTTPS_PROXY: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' };

let folder: string;
let lines: string[];
const onEvent = (line: string): void => void lines.push(line);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice find '));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a command that is a shell script, and gives its folder. */
function command(place: string, name: string, body: string, mode = 0o755): string {
  mkdirSync(join(folder, place), { recursive: true });
  const file = join(folder, place, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, mode);
  return join(folder, place);
}

function find(path: readonly string[], extra: NodeJS.ProcessEnv = {}): Promise<TemporalExecutable> {
  const env = { PATH: [...path, '/usr/bin', '/bin'].join(delimiter), SLUICE_CACHE: join(folder, 'cache'), ...offline };
  return findTemporalServer({ env: { ...env, ...extra }, onEvent });
}

/** A `go` that takes a while and then installs a `temporal` that says `version`; it counts its runs. */
function fakeGo(version: string, exitCode = 0): string {
  return command(
    'go-bin',
    'go',
    `echo "$*" >> '${folder}/go-runs'
     sleep 0.3
     [ ${exitCode} = 0 ] || { echo 'go: downloading'; echo 'go: no space left on device' >&2; exit ${exitCode}; }
     printf '#!/bin/sh\\necho "${version}"\\n' > "$GOBIN/temporal" && chmod 755 "$GOBIN/temporal"`
  );
}
const goRuns = (): string[] => readFileSync(join(folder, 'go-runs'), 'utf8').trim().split('\n');

describe('tryInOrder', () => {
  const file = { kind: 'file', file: '/a', serverVersion: '1.29.1' } as const;
  const fails = (name: string) => ({ name, find: () => Promise.reject(new Error(`${name} is\nbroken`)) });

  it('takes the first that works and does not look further', async () => {
    const last = { name: 'last', find: () => Promise.reject(new Error('must not be asked')) };
    const sources = [fails('one'), { name: 'two', find: () => Promise.resolve(file) }, last];
    expect(await tryInOrder(sources, onEvent)).toEqual({ found: file });
    expect(lines).toEqual(['Temporal: one: one is', 'Temporal: two: using /a (server 1.29.1)']);
  });

  it('gives every failure, one line each, when none works', async () => {
    const outcome = await tryInOrder([fails('one'), fails('two')], onEvent);
    expect(outcome).toEqual({
      found: undefined,
      failures: [
        { source: 'one', reason: 'one is' },
        { source: 'two', reason: 'two is' },
      ],
    });
  });

  it('throws the reason when it is aborted, instead of telling a failure', async () => {
    const abort = new AbortController();
    const aborting = {
      name: 'slow',
      find: () => {
        abort.abort(new Error('interrupted'));
        return Promise.reject(new Error('ended'));
      },
    };
    await expect(tryInOrder([aborting], onEvent, abort.signal)).rejects.toThrow('interrupted');
    expect(lines).toEqual([]);
  });
});

describe('reading what the Temporal CLI says', () => {
  it('finds the version of the server', () => {
    expect(parseServerVersion(good)).toBe('1.29.1');
    expect(parseServerVersion('temporal version 0.10.7 (server 1.21.3) (ui 2.16.2)')).toBe('1.21.3');
    expect(parseServerVersion('temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)\n')).toBe('1.29.1');
    expect(parseServerVersion('tctl version 1.18.0')).toBeUndefined();
  });

  it('looks at every folder of PATH in order', () => {
    expect(pathCandidates('temporal', ['/a', '/b c', '/a'].join(delimiter))).toEqual(['/a/temporal', '/b c/temporal']);
    expect(pathCandidates('temporal', undefined)).toEqual([]);
  });
});

describe('findTemporalServer', () => {
  it('passes over what is on PATH but cannot be used, each with a line, and takes the next', async () => {
    const path = [
      command('1', 'temporal', `echo '${good}'`, 0o644),
      command('2', 'temporal', "echo 'temporal version 0.10.7 (server 1.21.3) (ui 2.16.2)'"),
      command('3', 'temporal', "echo 'Temporal, the emacs mode'"),
      command('4', 'temporal', 'exit 4'),
      command('5', 'temporal', `echo '${good}'`),
    ];
    mkdirSync(join(folder, '0', 'temporal'), { recursive: true });
    const found = await find([join(folder, '0'), ...path]);
    expect(found).toEqual({ kind: 'file', file: join(folder, '5', 'temporal'), serverVersion: '1.29.1' });
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatch(/0\/temporal is not a file/);
    expect(lines[1]).toMatch(/1\/temporal is not executable/);
    expect(lines[2]).toMatch(/2\/temporal holds Temporal server 1\.21\.3, older than/);
    expect(lines[3]).toMatch(/3\/temporal does not answer --version as the Temporal CLI does/);
    expect(lines[4]).toMatch(/4\/temporal --version failed \(4\)/);
    expect(lines[5]).toMatch(/PATH: using .*5\/temporal/);
  });

  it('builds with go what is nowhere else, and finds it in the cache the next time', async () => {
    const go = fakeGo(good);
    const built = await find([go]);
    const file = join(folder, 'cache', 'temporal', 'go-1.5.1', 'temporal');
    expect(built).toEqual({ kind: 'file', file, serverVersion: '1.29.1' });
    expect(goRuns()).toEqual(['install github.com/temporalio/cli/cmd/temporal@v1.5.1']);
    expect(lines.map((line) => line.split(':')[1]?.trim())).toEqual([
      'PATH',
      'cache',
      'download by the Temporal SDK',
      'building the Temporal CLI 1.5.1 with go install, once; this takes some minutes',
      'go install',
    ]);
    lines = [];
    expect(await find([])).toEqual(built);
    expect(lines.at(-1)).toMatch(/cache: using/);
    expect(readdirSync(join(folder, 'cache', 'temporal')).sort()).toEqual(['go-1.5.1', 'lock']);
  });

  it('builds once when several look at the same time', async () => {
    const go = fakeGo(good);
    const found = await Promise.all([find([go]), find([go]), find([go])]);
    expect(new Set(found.map((one) => one.kind === 'file' && one.file)).size).toBe(1);
    expect(goRuns()).toHaveLength(1);
    expect(lines.filter((line) => line.includes('another process is fetching'))).toHaveLength(2);
  });

  it('makes a cached one again that is damaged, and clears what a killed build left', async () => {
    mkdirSync(join(folder, 'cache/temporal/go-1.5.1'), { recursive: true });
    writeFileSync(join(folder, 'cache/temporal/go-1.5.1/temporal'), 'half a file', { mode: 0o755 });
    mkdirSync(join(folder, 'cache/temporal/.partial-abcdef'));
    await find([fakeGo(good)]);
    expect(goRuns()).toHaveLength(1);
    expect(readdirSync(join(folder, 'cache', 'temporal')).sort()).toEqual(['go-1.5.1', 'lock']);
  });

  it('says what was tried and what to install when nothing works', async () => {
    const failure = await find([fakeGo(good, 1)]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TemporalNotFoundError);
    const { message, failures } = failure as TemporalNotFoundError;
    expect(failures.map(({ source }) => source)).toEqual([
      'PATH',
      'cache',
      'download by the Temporal SDK',
      'go install',
    ]);
    expect(message).toMatch(/go install failed \(exit code 1\): go: no space left on device/);
    expect(message).toMatch(/Install the Temporal CLI .*docs\.temporal\.io/);
    expect(message).toContain('TEMPORAL_ADDRESS');
    expect(readdirSync(join(folder, 'cache', 'temporal'))).toEqual(['lock']);
  });

  it('does not keep what was built but cannot be used', async () => {
    await expect(find([fakeGo('temporal version 0.1 (server 1.10.0)')])).rejects.toThrow(/older than/);
    expect(readdirSync(join(folder, 'cache', 'temporal'))).toEqual(['lock']);
  });

  it('gives a download that stalls up in time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const proxy = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const env = { PATH: '/usr/bin:/bin', SLUICE_CACHE: join(folder, 'cache'), HTTPS_PROXY: proxy, https_proxy: proxy };
    const failure = await findTemporalServer({ env, onEvent, downloadStallMs: 1_500 }).catch((error: unknown) => error);
    expect((failure as TemporalNotFoundError).failures).toContainEqual({
      source: 'download by the Temporal SDK',
      reason: 'nothing arrived within 1.5 s',
    });
    silent.close();
  });

  it('ends a build when it is aborted', async () => {
    const go = command('go-bin', 'go', `touch '${folder}/started'; sleep 600`);
    const abort = new AbortController();
    const env = { PATH: `${go}:/usr/bin:/bin`, SLUICE_CACHE: join(folder, 'cache'), ...offline };
    const onBuild = (line: string): void => {
      if (line.includes('building')) setTimeout(() => abort.abort(new Error('interrupted')), 300);
    };
    await expect(findTemporalServer({ env, onEvent: onBuild, signal: abort.signal })).rejects.toThrow('interrupted');
    expect(existsSync(join(folder, 'started'))).toBe(true);
    expect(readdirSync(join(folder, 'cache', 'temporal'))).toEqual(['lock']);
  });

  it('does not pass over TEMPORAL_ADDRESS when nothing answers there', async () => {
    const path = [command('bin', 'temporal', `echo '${good}'`)];
    const address = `127.0.0.1:${await freePort()}`;
    await expect(find(path, { TEMPORAL_ADDRESS: address })).rejects.toThrow(
      new RegExp(`server at TEMPORAL_ADDRESS=${address} does not answer`)
    );
  });
});
