import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plan } from '../../client/commands/plan.js';
import { compile, loadModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/plan.js';
import { recordingContext } from './recording-console.js';
import { root, sluice } from './sluice.js';

const example = join(root, 'examples/ecommerce/warehouse.yaml');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice plan '));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Every value under a key named `sql`, wherever it stands. */
function statements(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => (key === 'sql' ? [member as string] : statements(member)));
}

describe('sluice plan', () => {
  it('gives the compiled plan as a document, with where the export goes', async () => {
    const { code, document, stderr } = await sluice(['plan', '--json'], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const compiled = compile(loadModel(example));
    expect(document).toMatchObject({ ...compiled, export: { type: 'FULL_EXPORT', s3: 's3://sluice-raw/ecommerce/' } });
    expect(document).toMatchObject({ incrementalExport: { kind: 'unknown', reason: expect.stringMatching(/\w/) } });
    const found = statements(document);
    expect(found.length).toBeGreaterThan(30);
    expect(found.filter((sql) => typeof sql !== 'string' || sql.trim() === '')).toEqual([]);
  });

  it('prints every statement of the plan for people', async () => {
    const { code, stdout } = await sluice(['plan', '--model', example]);
    expect(code).toBe(0);
    const compiled: WarehousePlan = compile(loadModel(example));
    for (const sql of statements(compiled)) expect(stdout).toContain(sql.trim().replace(/;$/, ''));
    expect(stdout).toContain(`hash ${compiled.hash}`);
  });

  it('takes model and buckets from the configuration', async () => {
    const config = join(folder, 'sluice.yaml');
    await writeFile(config, `model: model.yaml\nbuckets: {raw: my-raw}\n`);
    await writeFile(join(folder, 'model.yaml'), await readFile(example, 'utf8'));
    const { code, document } = await sluice(['plan', '--config', config, '--json']);
    expect(code).toBe(0);
    expect(document).toMatchObject({ name: 'ecommerce', export: { s3: 's3://my-raw/ecommerce/' } });
  });
});

it('lists the gates of a model, with what they demand', async () => {
  const file = join(folder, 'gated.yaml');
  const gate = `{ on: landing.order, rules: 'Rules = [ RowCount > 0, IsUnique "orderid" ]', action: ask, minimumScore: 0.5 }`;
  await writeFile(file, `${await readFile(example, 'utf8')}\ngates: { orders: ${gate} }\n`);
  const env = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  };
  const { context, printed, documents } = recordingContext(env);
  await plan(context, { model: file });
  expect(printed[0]).toContain(
    '-- Gate: ecommerce_orders on landing.order: 2 rules, score at least 0.5; else ask, at most 24 h'
  );
  expect(documents[0]).toMatchObject({ gates: [{ name: 'ecommerce_orders', action: 'ask', minimumScore: 0.5 }] });
});

describe('a model with five mistakes', () => {
  const mistakes: readonly (readonly [string, string])[] = [
    ['price: N as decimal(12,2)\n', 'price: N as decimal(99,2)\n'],
    ['email: varchar(320)', 'email: varcar(320)'],
    ['key: productid\n', 'key: productcode\n'],
    ['dates: order.orderdate', 'dates: order.orderdat'],
    ['deletes: keep', 'deletes: maybe'],
  ];
  let file: string;
  beforeAll(async () => {
    let text = await readFile(example, 'utf8');
    for (const [right, wrong] of mistakes) {
      expect(text).toContain(right);
      text = text.replace(right, wrong);
    }
    file = join(folder, 'mistaken.yaml');
    await writeFile(file, text);
  });

  it.each(['plan', 'demo', 'up', 'run elt'])(
    'is refused by %s with all five, before anything starts',
    async (command) => {
      const args = [...command.split(' '), '--model', file];
      const { code, stdout, document, stderr } = await sluice([...args, '--json']);
      expect(code).toBe(2);
      const { error } = document as { error: { message: string; problems: string[] } };
      expect(error.message).toContain(file);
      expect(error.problems).toHaveLength(5);
      for (const problem of error.problems) expect(stderr).toContain(`\n  - ${problem}`);
      expect(stdout.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).not.toContain('Start');
    }
  );

  it('is a missing file as well', async () => {
    const { code, stderr } = await sluice(['plan', '--model', join(folder, 'none.yaml')]);
    expect(code).toBe(2);
    expect(stderr).toContain('none.yaml');
  });
});
