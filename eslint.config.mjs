import { builtinModules } from 'node:module';
import boundaries from 'eslint-plugin-boundaries';
import { importX } from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const nodeBuiltins = builtinModules
  .flatMap((name) => [name, `node:${name}`])
  .filter((name) => !/^(node:)?assert$/.test(name));

/** The folders of docs/architecture.md, in the words of its table of imports. */
const folders = [
  'activities',
  'bench',
  'client',
  'examples',
  'infra',
  'local',
  'model',
  'quality',
  'test',
  'workers',
  'workflows',
];

/** What each folder may import besides itself; `types` holds for `import type` only. A lint test seeds each breach. */
const mayImport = {
  client: { values: ['model', 'quality', 'workers', 'local', 'examples'], types: ['workflows', 'activities'] },
  workers: { values: ['activities', 'model'], types: ['workflows'] },
  activities: { values: ['model', 'quality'], types: ['workflows'] },
  local: { values: ['model', 'quality'], types: [] },
  examples: { values: ['model'], types: [] },
  infra: { values: ['model'], types: [] },
  workflows: { values: [], types: ['model', 'quality', 'activities'] },
  model: { values: [], types: [] },
  quality: { values: [], types: [] },
  bench: { values: folders, types: [] },
  test: { values: folders, types: [] },
};

const policies = Object.entries(mayImport).flatMap(([folder, { values, types }]) => [
  {
    from: { element: { types: { anyOf: [folder] } } },
    allow: { to: { element: { types: { anyOf: [folder, ...values] } } } },
  },
  ...(types.length === 0
    ? []
    : [
        {
          from: { element: { types: { anyOf: [folder] } } },
          allow: { to: { element: { types: { anyOf: types } } }, dependency: { kind: 'type' } },
        },
      ]),
]);

// Rules that need types, and cycles, are Oxlint's: .oxlintrc.json. It takes a sixth of the time.
export default defineConfig(
  { ignores: ['dist', '.built-sources-*', 'infra/cdk.out', 'node_modules', 'coverage', 'workflows-bundle.js'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { boundaries, 'import-x': importX },
    settings: {
      'boundaries/elements': folders.map((type) => ({ type, pattern: `${type}/**`, partialMatch: false })),
      'import/resolver': { typescript: { project: 'tsconfig.json' } },
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [...policies, { allow: { to: { module: { origin: ['external', 'core'] } } } }],
        },
      ],
      eqeqeq: 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { prefer: 'type-imports', fixStyle: 'separate-type-imports' },
      ],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'import-x/order': ['error', { groups: ['builtin', 'external', 'internal', 'parent', 'sibling', 'index'] }],
      'import-x/no-mutable-exports': 'error',
    },
  },
  {
    // Workflow code runs in Temporal's deterministic sandbox.
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: nodeBuiltins.map((name) => ({
            name,
            message: 'Workflow code must be deterministic: no Node built-ins.',
          })),
          patterns: [
            { group: ['@aws-sdk/*', '@smithy/*'], message: 'Workflow code makes no AWS calls: use an activity.' },
            {
              group: ['pg', '@duckdb/*', '@temporalio/client', '@temporalio/worker'],
              message: 'Workflow code does no I/O.',
            },
          ],
        },
      ],
    },
  },
  {
    // The local AWS is for laptops and tests: of the product, only the commands that start it know it.
    files: ['client/**/*.ts'],
    ignores: ['client/commands/{demo,up,down}.ts', 'client/environment/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/local/**'],
              message: 'Only the local commands may import the local AWS.',
              allowTypeImports: true,
            },
          ],
        },
      ],
    },
  }
);
