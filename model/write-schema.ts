/*
 * Writes what is made of model/shape.ts: the JSON Schema that editors check model files with, and the page of its keys.
 * `npx tsx model/write-schema.ts`, to be run after each change of the shape; tests compare.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelKeysPage } from './model-keys-page.js';
import { jsonSchema } from './shape.js';

const docs = path.join(import.meta.dirname, '..', 'docs');
writeFileSync(path.join(import.meta.dirname, 'warehouse.schema.json'), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
writeFileSync(path.join(docs, 'model-keys.md'), modelKeysPage());
