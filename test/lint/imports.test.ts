import { existsSync } from 'node:fs';
import path from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

// Typed rules need the file in a tsconfig program, which takes seconds; these rules do not.
const eslint = new ESLint({
  cwd: root,
  overrideConfig: { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
  ruleFilter: ({ ruleId }) => /boundaries\/dependencies|no-restricted-imports/.test(ruleId),
});

/** Lints one line of code as if it were a file of `folder`, and returns the rules it breaks. */
async function rulesBroken(folder: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: path.join(root, folder, 'scratch', 'scratch.ts') });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

describe('the lint rules on imports', () => {
  it.each([
    ['workflows', "import { readFileSync } from 'node:fs'; export const x = readFileSync;", 'no-restricted-imports'],
    ['workflows', "import { createHash } from 'crypto'; export const x = createHash;", 'no-restricted-imports'],
    ['workflows', "import { S3Client } from '@aws-sdk/client-s3'; export const x = S3Client;", 'no-restricted-imports'],
    ['workflows', "import pg from 'pg'; export const x = pg;", 'no-restricted-imports'],
    ['workflows', "import { plan } from '../../model/plan.js'; export const x = plan;", 'boundaries/dependencies'],
    [
      'model',
      "import { AwsError } from '../../local/gateway/aws-error.js'; export const x = AwsError;",
      'boundaries/dependencies',
    ],
    [
      'activities',
      "import { AwsError } from '../../local/gateway/aws-error.js'; export const x = AwsError;",
      'boundaries/dependencies',
    ],
    [
      'workers',
      "import { AwsError } from '../../local/gateway/aws-error.js'; export const x = AwsError;",
      'boundaries/dependencies',
    ],
    [
      'client',
      "import { AwsError } from '../../local/gateway/aws-error.js'; export const x = AwsError;",
      '@typescript-eslint/no-restricted-imports',
    ],
    ['client', "import { elt } from '../../workflows/index.js'; export const x = elt;", 'boundaries/dependencies'],
    ['local', "import { elt } from '../../workflows/index.js'; export const x = elt;", 'boundaries/dependencies'],
    ['infra', "import { elt } from '../../workflows/index.js'; export const x = elt;", 'boundaries/dependencies'],
    [
      'infra',
      "import { AwsError } from '../../local/gateway/aws-error.js'; export const x = AwsError;",
      'boundaries/dependencies',
    ],
  ])('a file of %s may not contain: %s', async (folder, code, rule) => {
    expect(await rulesBroken(folder, code)).toContain(rule);
  });

  it.each([
    ['workflows', "import type { WarehousePlan } from '../../model/plan.js'; export type X = WarehousePlan;"],
    ['workflows', "import { proxyActivities } from '@temporalio/workflow'; export const x = proxyActivities;"],
    ['client', "import { compile } from '../../model/index.js'; export const x = compile;"],
    ['local', "import { compile } from '../../model/index.js'; export const x = compile;"],
    ['infra', "import { compile } from '../../model/index.js'; export const x = compile;"],
  ])('a file of %s may contain: %s', async (folder, code) => {
    expect(await rulesBroken(folder, code)).toEqual([]);
  });

  it('checks every folder that the architecture names', () => {
    for (const folder of ['activities', 'client', 'infra', 'local', 'model', 'workers', 'workflows']) {
      expect(existsSync(path.join(root, folder)), folder).toBe(true);
    }
  });
});
