import { builtinModules } from 'node:module';
import boundaries from 'eslint-plugin-boundaries';
import { importX } from 'eslint-plugin-import-x';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const nodeBuiltins = builtinModules.flatMap((name) => [name, `node:${name}`]).filter((name) => !/^(node:)?assert$/.test(name));

/** The folders of docs/architecture.md, in the words of its table of imports. */
const folders = ['activities', 'client', 'examples', 'local', 'model', 'quality', 'test', 'workers', 'workflows'];

/** What each folder may import, besides itself. `type` limits the import to types and names. */
const mayImport = [
  { from: 'client', allow: ['model', 'quality', 'workers', 'local', 'examples'] },
  { from: 'workers', allow: ['activities', 'model'] },
  { from: 'activities', allow: ['model', 'quality'] },
  { from: 'local', allow: ['model', 'quality', 'examples'] },
  { from: 'examples', allow: ['model'] },
  { from: 'workflows', allow: [] },
  { from: 'model', allow: [] },
  { from: 'quality', allow: [] },
  { from: 'test', allow: folders },
];
const typesOnly = [
  { from: 'client', allow: ['workflows', 'activities'] },
  { from: 'workers', allow: ['workflows'] },
  { from: 'activities', allow: ['workflows'] },
  { from: 'workflows', allow: ['model', 'quality', 'activities'] },
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { boundaries, 'import-x': importX },
    settings: {
      'boundaries/elements': folders.map((type) => ({ type, pattern: `${type}/**`, mode: 'full' })),
      'import/resolver': { typescript: { project: 'tsconfig.json' } },
    },
    rules: {
      eqeqeq: 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/consistent-type-imports': ['error', { prefer: 'type-imports', fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'import-x/no-cycle': 'error',
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
          paths: nodeBuiltins.map((name) => ({ name, message: 'Workflow code must be deterministic: no Node built-ins.' })),
          patterns: [
            { group: ['@aws-sdk/*', '@smithy/*'], message: 'Workflow code makes no AWS calls: use an activity.' },
            { group: ['pg', '@duckdb/*', '@temporalio/client', '@temporalio/worker'], message: 'Workflow code does no I/O.' },
          ],
        },
      ],
    },
  },
  prettier
);

export { mayImport, typesOnly };
