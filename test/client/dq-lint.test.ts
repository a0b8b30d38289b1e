import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root, startSluice } from './sluice.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lint-'));
  writeFileSync(join(folder, 'good.dqdl'), 'Rules = [ IsComplete "username", RowCount > 0 ]\nand more');
  writeFileSync(join(folder, 'bad.dqdl'), 'Rules = [ Completeness "email" between 0.6 to 0.7 ]');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function sluice(...args: string[]): Promise<{ code: number | null; document: unknown; stderr: string }> {
  const run = startSluice(['dq', 'lint', ...args, '--json'], { cwd: folder });
  const code = await run.ended;
  return { code, document: JSON.parse(run.stdout().trim().split('\n').at(-1)!), stderr: run.stderr() };
}

const model = join(root, 'examples/ecommerce/warehouse.yaml');

it('passes rulesets that can be used, and warns of accidents', async () => {
  const { code, document, stderr } = await sluice('good.dqdl', '--model', model, '--table', 'lake.customer');
  expect(code).toBe(0);
  expect(document).toMatchObject({
    files: [{ file: 'good.dqdl', rules: 2, analyzers: 0, findings: [{ severity: 'warning', line: 2, column: 1 }] }],
  });
  expect(stderr).toContain('good.dqdl:2:1');
});

it('passes the rules of the example without a warning', async () => {
  const rules = join(root, 'examples/ecommerce/rules/orders.dqdl');
  const { code, document } = await sluice(rules, '--model', model, '--table', 'landing.order');
  expect({ code, document }).toMatchObject({ code: 0, document: { files: [{ rules: 6, findings: [] }] } });
});

it('ends with 2 and every error of every file when one cannot be used', async () => {
  const { code, document } = await sluice('good.dqdl', 'bad.dqdl', '--model', model, '--table', 'dwh.product');
  expect(code).toBe(2);
  expect(document).toEqual({
    error: {
      message: '2 of 2 rulesets cannot be used',
      problems: [
        expect.stringContaining('good.dqdl:1:22 there is no column "username"'),
        'bad.dqdl:1:44 expected "and" between the bounds of "between", found "to"',
      ],
    },
  });
});

it('ends with 2 for a dataset that the model does not have', async () => {
  const { code, document } = await sluice('good.dqdl', '--model', model, '--table', 'dwh.produkt');
  expect(code).toBe(2);
  expect(document).toMatchObject({
    error: { message: expect.stringContaining('did you mean "dwh.product"?') as string },
  });
});
