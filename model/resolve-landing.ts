import type { Path } from './document.js';
import { suggestion } from './near-name.js';
import type { AttributeType, LakeColumn, LandJobSpec, LandingColumn } from './plan.js';
import { parseType } from './redshift-type.js';
import type { RedshiftType } from './redshift-type.js';
import { list } from './resolution.js';
import type { Resolution } from './resolution.js';
import { columnOf, fieldsOf } from './resolve-items.js';
import type { ItemType } from './resolve-items.js';
import type { WarehouseShape } from './shape.js';
import type { EntityColumn } from './warehouse-model.js';

type Explode = NonNullable<LandJobSpec['explode']>;
type LandingShape = WarehouseShape['landing'][string];
/** Fields of the exploded maps, with the attribute's type. */
type Fields = ReadonlyMap<string, AttributeType>;

const castable: Readonly<Partial<Record<AttributeType, readonly RedshiftType['name'][]>>> = {
  S: ['varchar', 'integer', 'bigint', 'decimal', 'double precision', 'date', 'timestamp'],
  N: ['varchar', 'integer', 'bigint', 'decimal', 'double precision'],
  BOOL: ['boolean'],
};

function readExplode(
  resolution: Resolution,
  path: Path,
  item: ItemType,
  itemPath: Path,
  attributes: readonly string[]
): { explode: Explode; fields: Fields } {
  const fields = new Map<string, AttributeType>();
  const add = (field: string, type: AttributeType, attribute: string): void => {
    if ((fields.get(field) ?? type) !== type) {
      resolution.report(path, `"${field}" has another type in "${attribute}" than in those before it`);
    }
    fields.set(field, type);
  };
  const explode = attributes.flatMap((attribute): Explode[number][] => {
    const column = columnOf(item, attribute);
    if (column?.fields !== undefined) {
      for (const { name, type } of column.fields) add(name, type, attribute);
      return [{ kind: 'list', column: column.name }];
    }
    const inner = fieldsOf(item, attribute);
    if (inner.length > 0) {
      for (const {
        field,
        column: { type },
      } of inner)
        add(field, type, attribute);
      return [{ kind: 'map', fields: Object.fromEntries(inner.map((one) => [one.field, one.column.name])) }];
    }
    if (column !== undefined) {
      resolution.report(path, `"${attribute}" is no list and no map, so it has no elements`);
    } else if (!resolution.document.isReported([...itemPath, 'attributes', ...attribute.split('.')])) {
      const known = Object.keys(attributesOf(item));
      resolution.report(
        path,
        `item type "${item.plan.name}" has no attribute "${attribute}"${suggestion(attribute, known)}`
      );
    }
    return [];
  });
  return { explode, fields };
}

function attributesOf(item: ItemType): Record<string, LakeColumn> {
  const entries = item.plan.columns.flatMap((column) => [
    [column.path.join('.'), column] as const,
    ...(column.path.length > 1 ? [[column.path.slice(0, -1).join('.'), column] as const] : []),
  ]);
  return Object.fromEntries(entries);
}

interface Found {
  readonly source: LandingColumn['source'];
  /** Type of the value; `position` is a whole number. */
  readonly type: AttributeType | 'position';
}

/** Finds what a column is made from: a field, an attribute, a part of a key, or the position. */
function findSource(item: ItemType, fields: Fields | undefined, from: string): Found | undefined {
  const part = /^<(.*)>$/.exec(from)?.[1];
  if (part !== undefined) {
    const cut = item.parts.get(part);
    return cut === undefined ? undefined : { source: { kind: 'key', ...cut }, type: 'S' };
  }
  if (from === '$position')
    return fields === undefined ? undefined : { source: { kind: 'position' }, type: 'position' };
  const field = fields?.get(from);
  if (field !== undefined) return { source: { kind: 'field', field: from }, type: field };
  const column = columnOf(item, from);
  return column === undefined ? undefined : { source: { kind: 'column', column: column.name }, type: column.type };
}

function checkCast(resolution: Resolution, path: Path, found: Found, type: RedshiftType): void {
  if (found.type === 'position') {
    if (!['integer', 'bigint'].includes(type.name))
      resolution.report(path, `the position is an integer, not ${type.name}`);
    return;
  }
  const allowed = castable[found.type];
  if (allowed === undefined) {
    const which = found.type === 'L' || found.type === 'M' ? 'use "explode" to land it' : 'it stays in the lake';
    resolution.report(path, `a value of type ${found.type} has no landing column; ${which}`);
  } else if (!allowed.includes(type.name)) {
    resolution.report(path, `a value of type ${found.type} cannot be a ${type.name}; it can be ${allowed.join(', ')}`);
  }
}

function readColumn(
  resolution: Resolution,
  path: Path,
  entity: string,
  item: ItemType,
  fields: Fields | undefined,
  name: string,
  shape: LandingShape['columns'][string]
): EntityColumn | undefined {
  resolution.checkName(path, name, 'column');
  const { type: text, from, required = false } = typeof shape === 'string' ? { type: shape } : shape;
  const type = parseType(text);
  if (typeof type === 'string' && !resolution.isCutOff(path, text)) resolution.report(path, type);
  const found =
    from === undefined
      ? (findSource(item, fields, name) ??
        findSource(item, fields, `<${name}>`) ??
        (name === 'position' ? findSource(item, fields, '$position') : undefined))
      : findSource(item, fields, from);
  if (found === undefined) {
    const wanted = from ?? name;
    const [attribute] = wanted.split('.') as [string];
    if (resolution.document.isReported(['items', item.plan.name, 'attributes', attribute])) return undefined;
    if (resolution.document.isReported(['items', item.plan.name, 'keys'])) return undefined;
    if (resolution.document.isReported(['landing', entity, 'explode'])) return undefined;
    const inner = fieldsOf(item, wanted).map(({ column }) => column.path.join('.'));
    const known = [
      ...(fields?.keys() ?? []),
      ...Object.keys(attributesOf(item)),
      ...[...item.parts.keys()].map((part) => `<${part}>`),
    ];
    const hint =
      wanted === '$position'
        ? '; only a table with "explode" has positions'
        : inner.length > 0
          ? `, but a map of that name; name one of its attributes, such as "${inner[0]}"`
          : suggestion(wanted, known);
    const where = from === undefined ? path : [...path, 'from'];
    resolution.report(where, `item type "${item.plan.name}" has no attribute or key part "${wanted}"${hint}`);
    return undefined;
  }
  if (typeof type === 'string') return undefined;
  checkCast(resolution, path, found, type);
  return { name, type, source: found.source, required };
}

/** Resolves the landing tables into `resolution.entities`. */
export function resolveLanding(
  resolution: Resolution,
  shape: WarehouseShape,
  items: ReadonlyMap<string, ItemType>
): void {
  for (const [name, landing] of Object.entries(shape.landing)) {
    const path = ['landing', name];
    resolution.checkName(path, name, 'table');
    const itemName = landing.item ?? name;
    const item = items.get(itemName);
    if (item === undefined) {
      const at = landing.item === undefined ? path : [...path, 'item'];
      if (!resolution.document.excuses(['items', itemName]))
        resolution.report(at, `there is no item type "${itemName}"${suggestion(itemName, items.keys())}`);
      continue;
    }
    const sources = list(landing.explode);
    const exploded =
      sources.length === 0
        ? undefined
        : readExplode(resolution, [...path, 'explode'], item, ['items', itemName], sources);
    const columns = Object.entries(landing.columns).flatMap(
      ([column, one]) =>
        readColumn(resolution, [...path, 'columns', column], name, item, exploded?.fields, column, one) ?? []
    );
    if (Object.keys(landing.columns).length === 0) resolution.report([...path, 'columns'], 'names no column');
    resolution.entities.set(name, { name, itemType: itemName, explode: exploded?.explode, columns });
  }
  if (Object.keys(shape.landing).length === 0 && !resolution.document.isReported(['landing']))
    resolution.report(['landing'], 'names no landing table');
}
