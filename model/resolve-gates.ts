import { suggestion } from './near-name.js';
import type { GatePlan, ItemTypePlan } from './plan.js';
import type { RedshiftType } from './redshift-type.js';
import type { Resolution } from './resolution.js';
import { dimensionColumns, versionColumns } from './resolve-dimensions.js';
import type { GateShape, WarehouseShape } from './shape.js';
import { factColumns } from './sql/load-fact.js';
import type { Dimension, Fact } from './warehouse-model.js';

/** Glue's `RulesetName` and the run sheet's step. */
const gateName = /^[A-Za-z][A-Za-z0-9_-]{0,99}$/;

const hiveNames = {
  integer: 'int',
  bigint: 'bigint',
  'double precision': 'double',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
} as const;

/** Hive's name for a type, as the Glue catalog spells it. */
function hiveType(type: RedshiftType | 'key'): string {
  if (type === 'key') return 'bigint';
  if (type.name === 'varchar') return 'string';
  if (type.name === 'decimal') return `decimal(${type.precision},${type.scale})`;
  return hiveNames[type.name];
}

const named = (columns: readonly { readonly name: string; readonly type: RedshiftType | 'key' }[]) =>
  columns.map(({ name, type }) => ({ name, type: hiveType(type) }));

function dimensionTable(dimension: Dimension): GatePlan['columns'] {
  const versions = dimension.scd === 2 ? versionColumns : [];
  return named([{ name: `${dimension.name}key`, type: 'key' }, ...dimensionColumns(dimension), ...versions]);
}

function factTable(fact: Fact): GatePlan['columns'] {
  const types = new Map(fact.measures.map(({ name, value }) => [name, value[0]?.type]));
  return named(factColumns(fact).map((name) => ({ name, type: types.get(name) ?? 'key' })));
}

/** What gates may judge, by `<layer>.<dataset>`, with the columns of each. */
function judgeable(
  resolution: Resolution,
  items: readonly ItemTypePlan[],
  dimensions: ReadonlyMap<string, Dimension>,
  facts: ReadonlyMap<string, Fact>
): Map<string, GatePlan['columns']> {
  return new Map([
    ...items.map(
      ({ name, columns }) =>
        [`lake.${name}`, columns.map((column) => ({ name: column.name, type: column.lakeType }))] as const
    ),
    ...[...resolution.entities.values()].map(({ name, columns }) => [`landing.${name}`, named(columns)] as const),
    ...[...dimensions.values()].map((one) => [`dwh.${one.name}`, dimensionTable(one)] as const),
    ...[...facts.values()].map((one) => [`dwh.${one.name}`, factTable(one)] as const),
  ]);
}

function textOf(
  resolution: Resolution,
  path: string[],
  { rules, file }: GateShape,
  readFile: (name: string) => string
): string {
  if ((rules === undefined) === (file === undefined)) {
    resolution.report(path, 'takes its DQDL either in "rules" or in "file"');
    return '';
  }
  if (rules !== undefined) return rules;
  try {
    return readFile(file!);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be read';
    resolution.report([...path, 'file'], `${file} ${reason}; it is looked for beside the model`);
    return '';
  }
}

const layers = ['lake', 'landing', 'dwh'] as const;

/** Resolves the quality gates. `readFile` gives the text of a file beside the model. The DQDL is not parsed here. */
export function resolveGates(
  resolution: Resolution,
  shape: WarehouseShape,
  known: {
    readonly items: readonly ItemTypePlan[];
    readonly dimensions: ReadonlyMap<string, Dimension>;
    readonly facts: ReadonlyMap<string, Fact>;
  },
  readFile: (name: string) => string
): GatePlan[] {
  const given = Array.isArray(shape.gates) ? {} : (shape.gates ?? {});
  const tables = judgeable(resolution, known.items, known.dimensions, known.facts);
  const gates = Object.entries(given).flatMap(([name, gate]): GatePlan[] => {
    const path = ['gates', name];
    if (!gateName.test(name)) {
      resolution.report(path, `"${name}" is not a gate's name; it takes letters, digits, _ and -, a letter first`);
    }
    const ruleset = textOf(resolution, path, gate, readFile);
    if (ruleset.length > 65_536) resolution.report(path, 'has a ruleset of more than 65,536 characters, Glue’s limit');
    const [layer, dataset = '', ...rest] = gate.on.split('.');
    const columns = tables.get(gate.on);
    if (columns === undefined || rest.length > 0) {
      const excused = resolution.document.excuses([
        layer === 'lake' ? 'items' : layer === 'landing' ? layer : 'facts',
        dataset,
      ]);
      if (!excused) {
        resolution.report(
          [...path, 'on'],
          `"${gate.on}" is nothing that can be judged; it takes lake.<item type>, landing.<table> or dwh.<table>${suggestion(gate.on, tables.keys())}`
        );
      }
      return [];
    }
    const { action = 'fail', minimumScore, critical, approvalHours = 24 } = gate;
    if (action === 'quarantine' && layer !== 'lake') {
      resolution.report([...path, 'action'], 'quarantine is for gates on the lake: it keeps bad rows out of landing');
    }
    if (minimumScore !== undefined && !(minimumScore >= 0 && minimumScore <= 1)) {
      resolution.report([...path, 'minimumScore'], `takes a number from 0 to 1, but ${minimumScore} stands here`);
    }
    if (!(approvalHours > 0 && approvalHours <= 8760)) {
      resolution.report([...path, 'approvalHours'], 'takes hours, more than 0 and at most 8760 (a year)');
    }
    const [label, value, ...more] = critical?.split('=') ?? [];
    if (critical !== undefined && (!label || !value || more.length > 0)) {
      resolution.report([...path, 'critical'], `"${critical}" is not of the form label=value`);
    }
    return [
      {
        name: `${shape.name}_${name}`,
        layer: layer as GatePlan['layer'],
        dataset,
        ruleset,
        action,
        ...(minimumScore === undefined ? {} : { minimumScore }),
        ...(label && value ? { critical: { label, value } } : {}),
        approvalSeconds: Math.round(approvalHours * 3600),
        columns,
      },
    ];
  });
  return gates.sort((left, right) => layers.indexOf(left.layer) - layers.indexOf(right.layer));
}
