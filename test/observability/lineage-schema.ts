import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';

const folder = join(import.meta.dirname, 'openlineage');

/**
 * Validates an event against the schemas of OpenLineage, and each facet against the one that it names. The files in
 * `openlineage/` are those of https://github.com/OpenLineage/OpenLineage, folder `spec`, at commit
 * 8f02abfb7a252783b95df79f443edb13959bf52c, under the Apache License 2.0.
 */
export function lineageProblems(): (event: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv
    .addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i)
    .addFormat('uri', { validate: (text: string) => URL.canParse(text) })
    .addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    ajv.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')) as object);
  }
  const check = (schema: string, value: unknown): string[] => {
    const validate = ajv.getSchema(schema);
    if (validate === undefined) return [`there is no schema ${schema}`];
    return validate(value) === true
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
  const facets = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return [];
    const { _schemaURL: schema } = value as { _schemaURL?: unknown };
    const own = typeof schema === 'string' ? check(schema, value) : [];
    return [...own, ...Object.values(value).flatMap(facets)];
  };
  return (event) => [...check((event as { schemaURL: string }).schemaURL, event), ...facets(event)];
}
