import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../client/sluice.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice dependencies '));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the check over a folder, against a registry that answers so when it is asked for advisories. */
async function check(target: string, advisories: object | undefined): Promise<{ code: number; output: string }> {
  const server = createServer((request, response) => {
    request.resume();
    const bulk = request.url?.endsWith('/advisories/bulk') === true && advisories !== undefined;
    response.writeHead(bulk ? 200 : 405, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(bulk ? advisories : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    npm_config_cache: await mkdtemp(join(folder, 'cache-')), // npm keeps answers
    npm_config_fetch_retries: '0',
  };
  try {
    return await new Promise((resolve) => {
      const args = [join(root, '.ci/check-dependencies.mjs'), target];
      execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
      });
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;

/** A package with dependencies, of which the lockfile says this besides a version, a digest and a good licence. */
async function project(name: string, entries: Readonly<Record<string, object>>): Promise<string> {
  const target = join(folder, name);
  await mkdir(target);
  const dependencies = Object.fromEntries(Object.keys(entries).map((leaf) => [leaf, '1.0.0']));
  const own = { name: 'own', version: '1.0.0', dependencies };
  const leaves = Object.entries(entries).map(([leaf, entry]) => [
    `node_modules/${leaf}`,
    { version: '1.0.0', license: 'MIT', integrity, ...entry },
  ]);
  const lock = { ...own, lockfileVersion: 3, requires: true, packages: { '': own, ...Object.fromEntries(leaves) } };
  await writeFile(join(target, 'package.json'), JSON.stringify(own));
  await writeFile(join(target, 'package-lock.json'), JSON.stringify(lock));
  return target;
}

it.each(['', 'infra'])(
  "finds nothing in this checkout's lockfile (%s), and says when it cannot audit",
  async (part) => {
    const { code, output } = await check(join(root, part), undefined);
    expect(output).toContain('not audited, the registry does not answer for advisories');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('dependencies: 0 problems') });
  }
);

it('refuses packages from elsewhere, unchecked ones, and licences that are not on the list', async () => {
  const target = await project('refused', {
    elsewhere: { resolved: 'https://evil.example/leaf-1.0.0.tgz' },
    repository: { resolved: 'git+ssh://git@github.com/a/leaf.git#0' },
    unchecked: { integrity: undefined },
    weak: { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' },
    binding: { license: 'AGPL-3.0-only' },
    both: { license: '(MIT AND GPL-3.0)' },
    unlicensed: { license: undefined },
    tool: { license: 'MPL-2.0' },
    good: { license: '(GPL-3.0 OR MIT)', resolved: 'https://registry.npmjs.org/good/-/good-1.0.0.tgz' },
  });
  const { code, output } = await check(target, {});
  const told = output.split('\n').flatMap((line) => /node_modules\/(.*)$/.exec(line)?.[1] ?? []);
  expect({ code, told }).toEqual({
    code: 1,
    told: [
      'elsewhere: comes from https://evil.example/leaf-1.0.0.tgz, not from https://registry.npmjs.org/',
      'repository: comes from git+ssh://git@github.com/a/leaf.git#0, not from https://registry.npmjs.org/',
      'unchecked: has no SHA-512',
      'weak: has no SHA-512',
      'binding: licence AGPL-3.0-only',
      'both: licence (MIT AND GPL-3.0)',
      'unlicensed: names no licence',
      'tool: licence MPL-2.0',
    ],
  });
});

it.each([
  ['high', 1],
  ['moderate', 0],
])('ends a vulnerability of grade %s with %i', async (severity, expected) => {
  const title = 'Leaf overflows';
  const advisory = { id: 1, url: 'https://github.com/advisories/1', title, severity, vulnerable_versions: '<2.0.0' };
  const { code, output } = await check(await project(severity, { leaf: {} }), { leaf: [advisory] });
  expect(output).toContain(`leaf: ${severity}: Leaf overflows https://github.com/advisories/1`);
  expect(code).toBe(expected);
});
