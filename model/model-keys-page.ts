import { SchemaReference } from './schema-reference.js';
import type { JsonSchema } from './schema-reference.js';
import { jsonSchema } from './shape.js';

const introduction = `# Every key of \`warehouse.yaml\`

Made of the model's JSON Schema by \`npx tsx model/write-schema.ts\`. What the keys mean together, with examples, is in the
[model reference](model-reference.md).

`;

/** The text of docs/model-keys.md. */
export function modelKeysPage(): string {
  return introduction + new SchemaReference(jsonSchema() as JsonSchema).markdown();
}
