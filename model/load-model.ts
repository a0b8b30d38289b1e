import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkShape } from './check-shape.js';
import { ModelDocument } from './document.js';
import { ModelError } from './model-error.js';
import { Resolution } from './resolution.js';
import { resolveDimensions } from './resolve-dimensions.js';
import { resolveFacts } from './resolve-facts.js';
import { resolveGates } from './resolve-gates.js';
import { resolveItems, resolveSource } from './resolve-items.js';
import { resolveLanding } from './resolve-landing.js';
import { resolveReports } from './resolve-reports.js';
import type { WarehouseShape } from './shape.js';
import type { Dimension, Entity, EntityColumn, Fact, WarehouseModel } from './warehouse-model.js';

/** Every table of the schema `staging` that a dimension or fact needs, by the path in the file that needs it. */
function checkTables(resolution: Resolution, dimensions: Iterable<Dimension>, facts: Iterable<Fact>): void {
  const owners = new Map<string, string>();
  const claim = (path: readonly string[], table: string): void => {
    const owner = owners.get(table);
    if (owner !== undefined) resolution.report(path, `needs the table staging.${table}, as ${owner} does; rename one`);
    owners.set(table, path.join('.'));
    if (table.length > 127) resolution.report(path, `needs the table staging.${table}, longer than 127 bytes`);
  };
  for (const { name, scd } of dimensions) {
    const versioned = scd === 2 ? [`${name}_members`] : [];
    for (const table of [name, `${name}_maxkey`, `${name}key`, ...versioned]) claim(['dimensions', name], table);
  }
  for (const { name, lookups, key } of facts) {
    const path = ['facts', name];
    for (const table of key ? [name, `${name}_maxkey`, `${name}key`] : [name]) claim(path, table);
    for (const { role, through } of lookups)
      if (through) claim([...path, 'dimensions', role], `${name}_${role}_lookup`);
  }
}

/** Landing tables of type 2 dimensions say when each row was written, which is when a version begins. */
function withWriteTimes(entities: Iterable<Entity>, dimensions: Iterable<Dimension>): Entity[] {
  const versioned = new Set([...dimensions].flatMap((one) => (one.scd === 2 && 'entity' in one ? [one.entity] : [])));
  const writtenAt: EntityColumn = {
    name: 'sluice_written_at',
    type: { name: 'timestamp' },
    source: { kind: 'writtenAt' },
    required: false,
  };
  return [...entities].map((entity) =>
    versioned.has(entity.name) ? { ...entity, columns: [...entity.columns, writtenAt] } : entity
  );
}

function resolveIncremental(resolution: Resolution, shape: WarehouseShape): WarehouseModel['incremental'] {
  const { onGap = 'approve', approvalHours = 72 } = shape.incremental ?? {};
  if (!(approvalHours > 0 && approvalHours <= 8760)) {
    resolution.report(['incremental', 'approvalHours'], 'takes hours, more than 0 and at most 8760 (a year)');
  }
  return { onGap, approvalSeconds: Math.round(approvalHours * 3600) };
}

function resolveArchive(resolution: Resolution, shape: WarehouseShape): WarehouseModel['archive'] {
  const retentionDays = shape.archive?.retentionDays;
  if (retentionDays === undefined) return undefined;
  if (!Number.isInteger(retentionDays) || retentionDays < 30 || retentionDays > 36_500) {
    const rule = 'takes a whole number of days from 30, for which STANDARD_IA is paid in any case, to 36500';
    resolution.report(['archive', 'retentionDays'], `${retentionDays} is no retention; it ${rule}`);
  }
  return { retentionDays };
}

/**
 * Reads a model from text.
 * @param fileName how messages name the file; rulesets of gates are looked for beside it
 * @throws ModelError with every problem, each with its path, line and column in the file.
 */
export function parseModel(text: string, fileName: string): WarehouseModel {
  const document = ModelDocument.parse(text, fileName);
  const shape = checkShape(document);
  if (shape === undefined) {
    document.throwProblems();
    throw new ModelError(fileName, [{ path: '', message: 'is no model; see docs/model-reference.md' }]);
  }
  const resolution = new Resolution(document);
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(shape.name)) {
    const rule = 'lower-case letters, digits and hyphens, a letter first, at most 63';
    resolution.report(['name'], `"${shape.name}" is not a model's name; it takes ${rule}`);
  }
  const source = resolveSource(resolution, shape.source);
  const items = resolveItems(resolution, shape, source);
  resolveLanding(resolution, shape, items);
  const dimensions = resolveDimensions(resolution, shape);
  const facts = resolveFacts(resolution, shape, dimensions);
  const reports = resolveReports(resolution, shape, dimensions, facts);
  checkTables(resolution, dimensions.values(), facts.values());
  const readRuleset = (name: string): string => readFileSync(resolve(dirname(fileName), name), 'utf8');
  const plans = [...items.values()].map(({ plan }) => plan);
  const gates = resolveGates(resolution, shape, { items: plans, dimensions, facts }, readRuleset);
  const incremental = resolveIncremental(resolution, shape);
  const archive = resolveArchive(resolution, shape);
  document.throwProblems();
  return {
    name: shape.name,
    source,
    rejects: shape.rejects ?? 'reject',
    landingJobs: shape.landingJobs ?? 'packed',
    incremental,
    ...(archive && { archive }),
    items: plans,
    entities: withWriteTimes(resolution.entities.values(), dimensions.values()),
    dimensions: [...dimensions.values()],
    facts: [...facts.values()],
    reports,
    gates,
  };
}

/**
 * Reads a model file.
 * @throws ModelError with every problem, each with its path, line and column in the file; also when it cannot be read.
 */
export function loadModel(file: string): WarehouseModel {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'is a folder' : (error as Error).message;
    throw new ModelError(file, [{ path: '', message: reason }]);
  }
  return parseModel(text, file);
}
