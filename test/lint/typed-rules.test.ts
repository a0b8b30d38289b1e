import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sluice-lint-'));
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const compilerOptions = { strict: true, module: 'nodenext', types: ['node'], noEmit: true };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The rules that a file breaks. */
async function rulesBroken(name: string, code: string): Promise<string[]> {
  await writeFile(path.join(folder, name), code);
  const oxlint = path.join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const args = [oxlint, '--config', path.join(root, '.oxlintrc.json'), '--format', 'json', name];
  const { stdout } = await run(process.execPath, args, { cwd: folder }).catch((error: { stdout: string }) => error);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string }[] };
  return diagnostics.map(({ code: rule }) => rule);
}

it.each([
  [
    'a promise that nobody waits for',
    'export function f(): void { Promise.resolve(1); }\n',
    'typescript(no-floating-promises)',
  ],
  [
    'a promise as a condition',
    'export function f(p: Promise<boolean>): number { if (p) return 1; return 2; }\n',
    'typescript(no-misused-promises)',
  ],
  [
    'a call that is deprecated',
    "import { parse } from 'node:url';\nexport const x = parse('http://a');\n",
    'typescript(no-deprecated)',
  ],
  ['a cycle of imports', "export { x } from './cycle.js';\nexport const y = 1;\n", 'import(no-cycle)'],
])('finds %s', async (_what, code, rule) => {
  await writeFile(path.join(folder, 'cycle.ts'), "export { y } from './scratch.js';\nexport const x = 2;\n");
  expect(await rulesBroken('scratch.ts', code)).toContain(rule);
});

it('lets a promise be that is awaited', async () => {
  expect(
    await rulesBroken('fine.ts', 'export async function f(): Promise<void> { await Promise.resolve(1); }\n')
  ).toEqual([]);
});
