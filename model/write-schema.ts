/*
 * Writes the JSON Schema that editors check model files with: `npx tsx model/write-schema.ts`, to be run after each
 * change of model/shape.ts; a test compares the two.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { jsonSchema } from './shape.js';

writeFileSync(path.join(import.meta.dirname, 'warehouse.schema.json'), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
