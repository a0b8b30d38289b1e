import { chmod, mkdir, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installPostgresBinaries } from '../../../local/redshift/postgres/binaries.js';
import type { PostgresBinaries } from '../../../local/redshift/postgres/binaries.js';
import { clusterPassword, initialiseCluster } from '../../../local/redshift/postgres/cluster.js';
import { serverUser } from '../../../local/redshift/postgres/server-user.js';
import { startPostgres } from '../../../local/redshift/index.js';
import { temporaryFolder } from './local-redshift.js';

let folder: string;
let programs: string;
let binaries: PostgresBinaries;

/** PostgreSQL's programs in a folder that has no template yet. */
beforeEach(async () => {
  folder = await temporaryFolder();
  await chmod(folder, 0o755);
  const installed = await installPostgresBinaries(await serverUser(folder));
  programs = join(folder, 'cache', 'programs');
  await mkdir(programs, { recursive: true });
  await symlink(dirname(installed.initdb), join(programs, 'bin'));
  binaries = { ...installed, initdb: join(programs, 'bin', 'initdb') };
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const templates = async (): Promise<string[]> => (await readdir(programs)).filter((name) => name !== 'bin');

async function makeCluster(name: string): Promise<string> {
  const cluster = join(folder, name);
  await mkdir(cluster, { mode: 0o700 });
  await initialiseCluster(cluster, binaries, await clusterPassword(cluster), await serverUser(join(cluster, 'data')));
  return cluster;
}

/** Starts a server on the cluster for one look. */
async function look(cluster: string, password?: string): Promise<unknown> {
  const server = await startPostgres({ folder: cluster, durable: false });
  const url = new URL(server.url);
  if (password !== undefined) url.password = password;
  const client = new pg.Client(url.href);
  try {
    await client.connect();
    return (await client.query('SELECT 1 AS a')).rows;
  } finally {
    await client.end().catch(() => undefined);
    await server.stop();
  }
}

it('gives each cluster a password and an owner of its own, and keeps none', async () => {
  const one = await makeCluster('one');
  const [template] = await templates();
  const two = await makeCluster('two');
  expect(await look(one)).toEqual([{ a: 1 }]);
  expect(await look(two)).toEqual([{ a: 1 }]);
  await expect(look(two, await clusterPassword(one))).rejects.toMatchObject({ code: '28P01' });
  expect((await stat(join(two, 'data', 'base'))).uid).toBe((await stat(join(one, 'data', 'base'))).uid);
  expect(await readFile(join(two, 'data', 'pg_hba.conf'), 'utf8')).toBe('host all all all scram-sha-256\n');

  const kept = join(programs, template!);
  expect(await stat(kept)).toMatchObject({ uid: process.getuid?.() });
  expect((await stat(kept)).mode & 0o077).toBe(0);
  const verifiers = (await readFile(join(kept, 'data', 'global', '1260'), 'latin1')).match(/SCRAM[\w$:/+=-]+/g);
  expect(new Set(verifiers)).toEqual(
    new Set([`SCRAM-SHA-256$4096:${'A'.repeat(22)}==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`])
  );
  expect(await readdir(dirname(programs)), 'nothing half-made').toEqual(['programs']);
});

it.each([
  { what: 'a file is missing', damage: (data: string) => rm(join(data, 'base', '1', 'pg_filenode.map')) },
  { what: 'a file is cut short', damage: (data: string) => truncate(join(data, 'global', '1260'), 0) },
  { what: 'its list is missing', damage: (data: string) => rm(join(dirname(data), 'files.json')) },
  { what: 'its list is broken', damage: (data: string) => writeFile(join(dirname(data), 'files.json'), '[["ba') },
])('makes a cluster and a new template when $what', async ({ damage }) => {
  await makeCluster('one');
  const [template] = await templates();
  await damage(join(programs, template!, 'data'));
  expect(await look(await makeCluster('two'))).toEqual([{ a: 1 }]);
  expect(await templates()).toEqual([template]);
  expect(await look(await makeCluster('three')), 'from the new template').toEqual([{ a: 1 }]);
});
