import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ReportData } from '../../quality/report/report-data.js';
import { resultKey } from '../../quality/results/result-document.js';
import { startLocalS3 } from '../local/s3/local-s3.js';
import { madeResult, madeResults } from '../quality/report/made-results.js';
import { lastLine, sluice, startSluice } from './sluice.js';

let folder: string;
let kept: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-report-'));
  kept = join(folder, 'results');
  for (const result of madeResults()) {
    const file = join(kept, resultKey(result));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(result));
  }
  await writeFile(join(kept, 'other.json'), '{"not": "a result"}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function dataOf(html: string): ReportData {
  return JSON.parse(/id="data">([^<]*)</.exec(html)?.[1] ?? '') as ReportData;
}

const read = async (file: string): Promise<ReportData> => dataOf(await readFile(file, 'utf8'));

it('writes the page of a folder of results, and passes over what is none', async () => {
  const { code, document, stderr } = await sluice(['dq', 'report', '--results', kept, '--json'], { cwd: folder });
  expect(code).toBe(0);
  const file = join(folder, 'dq-report.html');
  // Eight days of two tables, four of a third, one of skipped rules; 6 rules each.
  expect(document).toEqual({ file, results: 21, rules: 21 * 6 + 4, failed: 2 * 2 + 8 + 4 * 3 });
  expect(stderr).toContain('other.json: the field ruleset_name is missing');
  expect((await read(file)).cells.reduce((sum, cell) => sum + cell[2], 0)).toBe(21);
  expect(await readdir(folder)).toEqual(['dq-report.html', 'results']);
});

it('takes days, both included, database, table and ruleset', async () => {
  const file = join(folder, 'filtered', 'page.html');
  await mkdir(dirname(file));
  const choice = ['--from', '2026-03-03', '--to', '2026-03-04', '--database', 'shop', '--table', 'orders'];
  const given = [...choice, '--ruleset', 'orders-rules', '--out', file, '--results', kept, '--json'];
  const { code, document } = await sluice(['dq', 'report', ...given], { cwd: folder });
  expect(code).toBe(0);
  expect(document).toEqual({ file, results: 2, rules: 12, failed: 2 });
  expect((await read(file)).cells.map(([, day]) => day)).toEqual(['2026-03-03', '2026-03-04']);
  await rm(dirname(file), { recursive: true });
});

it.each([
  ['a day that is none', ['--from', '2026-02-30'], '--from 2026-02-30'],
  ['days the wrong way round', ['--from', '2026-03-02', '--to', '2026-03-01'], '--from is after --to'],
  ['a folder that is not there', ['--results', 'nowhere'], '--results nowhere'],
  ['a file where a folder belongs', ['--results', 'results/other.json'], 'it is not a folder'],
  ['a file that cannot be written', ['--results', 'results', '--out', 'no/folder.html'], 'cannot be written'],
  ['a port without serving', ['--results', 'results', '--port', '8088'], '--port needs --serve'],
])('ends with 2 for %s, writing nothing', async (_, options, message) => {
  const before = await readdir(folder);
  const { code, document } = await sluice(['dq', 'report', ...options, '--json'], { cwd: folder });
  expect({ code, document }).toMatchObject({
    code: 2,
    document: { error: { message: expect.stringContaining(message) } },
  });
  expect(await readdir(folder)).toEqual(before);
});

it('reads the quality bucket, and names it when it is missing', async () => {
  const s3 = await startLocalS3();
  try {
    const env = {
      AWS_ENDPOINT_URL: s3.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    const file = join(folder, 'bucket.html');
    const report = ['dq', 'report', '--out', file, '--json'];
    const without = await sluice(report, { cwd: folder, env });
    expect(without.code).toBe(2);
    expect(without.document).toMatchObject({ error: { message: expect.stringContaining('sluice-quality') } });

    await s3.client.send(new CreateBucketCommand({ Bucket: 'sluice-quality' }));
    const empty = await sluice(report, { cwd: folder, env });
    expect(empty.document).toEqual({ file, results: 0, rules: 0, failed: 0 });
    expect(await read(file)).toMatchObject({ cells: [], failingRules: [] });

    const dated = madeResult('new', { day: '2026-03-01' }, { failed: [1] });
    // AWS's sample writes no times: the day is that of the key.
    const { startedOn: _, completedOn: __, ...undated } = madeResult('old', { day: '2026-03-01' });
    for (const [key, body] of [
      [resultKey(dated), dated],
      ['gluedataqualitylogs/year=2026/month=02/day=28/02282026010203.json', undated],
    ] as const) {
      await s3.client.send(new PutObjectCommand({ Bucket: 'sluice-quality', Key: key, Body: JSON.stringify(body) }));
    }
    const both = await sluice(report, { cwd: folder, env });
    expect(both.document).toEqual({ file, results: 2, rules: 12, failed: 1 });
    expect((await read(file)).cells.map(([, day]) => day)).toEqual(['2026-02-28', '2026-03-01']);
  } finally {
    await s3.close();
  }
});

it('serves the page on loopback to this machine’s names only, anew for each visit, until stopped', async () => {
  const serving = startSluice(['dq', 'report', '--results', kept, '--serve', '--json'], { cwd: folder });
  try {
    await serving.seen('"url"');
    const { url } = lastLine(serving.stdout()) as { url: string };
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const get = (path: string, host?: string, method = 'GET'): Promise<{ status?: number; body: string }> =>
      new Promise((resolve, reject) => {
        const headers = host === undefined ? {} : { Host: host };
        const call = request(new URL(path, url), { method, headers }, (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          response.on('end', () => resolve({ status: response.statusCode, body }));
        });
        call.on('error', reject).end();
      });
    const first = await get('/');
    expect(first.status).toBe(200);
    expect(dataOf(first.body).cells.reduce((sum, cell) => sum + cell[2], 0)).toBe(21);

    const more = madeResult('more', { day: '2026-03-20' });
    await mkdir(dirname(join(kept, resultKey(more))), { recursive: true });
    await writeFile(join(kept, resultKey(more)), JSON.stringify(more));
    expect(dataOf((await get('/')).body).cells.at(-1)?.[1]).toBe('2026-03-20');
    await rm(dirname(join(kept, resultKey(more))), { recursive: true });

    expect(await get('/', 'localhost:1234')).toMatchObject({ status: 200 });
    for (const host of ['attacker.example', '127.0.0.1.attacker.example', 'localhost.attacker.example:80']) {
      expect(await get('/', host)).toEqual({ status: 403, body: 'This page is for this machine only.\n' });
    }
    expect((await get('/favicon.ico')).status).toBe(404);
    expect((await get('/', undefined, 'POST')).status).toBe(405);
    expect(await get('/', undefined, 'HEAD')).toEqual({ status: 200, body: '' });
  } finally {
    serving.child.kill('SIGTERM');
  }
  expect(await serving.ended).toBe(0);
  expect(await readdir(folder)).not.toContain('dq-report.html.part');
});
