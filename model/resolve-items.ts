import type { Path } from './document.js';
import { overlap, parseKeyTemplate, partsOf, templatePattern } from './key-template.js';
import type { KeyTemplate } from './key-template.js';
import { suggestion } from './near-name.js';
import type { ItemTypePlan, LakeColumn, WarehousePlan } from './plan.js';
import type { Resolution } from './resolution.js';
import { lakeName, readAttribute, scalars } from './resolve-attributes.js';
import type { WarehouseShape } from './shape.js';

/** An item type and what landing columns can be made from. */
export interface ItemType {
  readonly plan: ItemTypePlan;
  /** Parts of key templates: the lake column they are cut from and the expression that does it. */
  readonly parts: ReadonlyMap<string, { readonly column: string; readonly pattern: string }>;
}

function readKeys(
  resolution: Resolution,
  path: Path,
  keys: WarehouseShape['source']['keys']
): WarehousePlan['source']['keys'][number][] {
  return (['partition', 'sort'] as const).flatMap((kind) => {
    const text = keys[kind];
    if (text === undefined) return [];
    const [, name, type = 'S'] = /^(.+?)(?:\s+(S|N|B))?$/.exec(text.trim()) ?? [];
    if (name === undefined) return resolution.report([...path, kind], 'names no attribute') ?? [];
    return [
      { name, type: type as 'S' | 'N' | 'B', role: kind === 'partition' ? ('HASH' as const) : ('RANGE' as const) },
    ];
  });
}

/** Resolves the source table. */
export function resolveSource(resolution: Resolution, shape: WarehouseShape['source']): WarehousePlan['source'] {
  const path = ['source'];
  if (!/^[a-zA-Z0-9_.-]{3,255}$/.test(shape.table)) {
    resolution.report(
      [...path, 'table'],
      `"${shape.table}" is not a DynamoDB table name: 3 to 255 of a-z A-Z 0-9 _ - .`
    );
  }
  const keys = readKeys(resolution, [...path, 'keys'], shape.keys);
  if (new Set(keys.map(({ name }) => name)).size < keys.length) {
    resolution.report([...path, 'keys', 'sort'], 'is the partition key already');
  }
  const indexes = Object.entries(shape.indexes ?? {}).map(([name, index]) => {
    const at = [...path, 'indexes', name];
    if (!/^[a-zA-Z0-9_.-]{3,255}$/.test(name)) {
      resolution.report(at, `"${name}" is not a DynamoDB index name: 3 to 255 of a-z A-Z 0-9 _ - .`);
    }
    return { name, keys: readKeys(resolution, at, index) };
  });
  return { table: shape.table, keys, indexes };
}

function readTemplates(
  resolution: Resolution,
  path: Path,
  templates: Readonly<Record<string, string>>,
  source: WarehousePlan['source']
): Map<string, KeyTemplate> {
  const known = [...source.keys, ...source.indexes.flatMap((index) => index.keys)];
  const read = new Map<string, KeyTemplate>();
  for (const [attribute, text] of Object.entries(templates)) {
    const key = known.find(({ name }) => name === attribute);
    if (key === undefined && !resolution.document.isReported(['source'])) {
      const names = new Set(known.map(({ name }) => name));
      resolution.report(
        [...path, attribute],
        `"${attribute}" is no key of the table or its indexes${suggestion(attribute, names)}`
      );
    }
    if (key !== undefined && key.type !== 'S') {
      resolution.report([...path, attribute], `"${attribute}" is of type ${key.type}; only a text key has a template`);
    }
    const template = parseKeyTemplate(text);
    if (typeof template === 'string') resolution.report([...path, attribute], template);
    else read.set(attribute, template);
  }
  return read;
}

/** Resolves the item types: how they are told apart, their lake columns, the parts of their keys. */
export function resolveItems(
  resolution: Resolution,
  shape: WarehouseShape,
  source: WarehousePlan['source']
): Map<string, ItemType> {
  const byType = shape.source.typeAttribute;
  const tableKeys = source.keys.filter(({ name }) => name !== '*');
  const items = new Map<string, ItemType>();
  const templatesOf = new Map<string, Map<string, KeyTemplate>>();
  for (const [name, item] of Object.entries(shape.items)) {
    const path = ['items', name];
    if (!/^[A-Za-z0-9_.-]{1,100}$/.test(name)) {
      resolution.report(path, `"${name}" is not an item type's name; it takes letters, digits, _ - and .`);
    }
    if (name === 'rejected') resolution.report(path, '"rejected" is a reserved name: rejected items go there');
    if (name === 'deleted') resolution.report(path, '"deleted" is a reserved name: keys of deleted items go there');
    const templates = readTemplates(resolution, [...path, 'keys'], item.keys ?? {}, source);
    templatesOf.set(name, templates);

    const declared = Object.entries(item.attributes ?? {})
      .filter(([attribute]) => attribute !== byType)
      .flatMap(([attribute, value]) =>
        readAttribute(resolution, [...path, 'attributes', attribute], [attribute], value)
      );
    const keyNames = new Set([...tableKeys.map((key) => key.name), ...templates.keys()]);
    const keyColumns = [...keyNames].map((key): LakeColumn => {
      const table = tableKeys.find((one) => one.name === key);
      const index = source.indexes.flatMap((one) => one.keys).find((one) => one.name === key);
      const type = (table ?? index)?.type ?? 'S';
      const own = declared.find(({ path: at }) => at.length === 1 && at[0] === key);
      const column = own ?? { name: lakeName([key]), path: [key], type, lakeType: scalars[type] };
      return { ...column, required: table !== undefined || own?.required === true };
    });
    const others = declared.filter(({ path: at }) => at.length > 1 || !keyNames.has(at[0]!));
    const columns = [...keyColumns, ...others];
    resolution.checkUnique(
      path,
      columns.map((column) => column.name),
      `the lake's dataset of "${name}"`
    );

    const parts = new Map<string, { column: string; pattern: string }>();
    for (const [attribute, template] of templates) {
      const column = keyColumns.find(({ path: at }) => at[0] === attribute)!.name;
      for (const part of partsOf(template)) {
        if (!parts.has(part))
          parts.set(part, { column, pattern: templatePattern(template, byType === undefined, part) });
      }
    }
    const match =
      byType === undefined
        ? [...templates].map(([attribute, template]) => ({ attribute, pattern: templatePattern(template, true) }))
        : [{ attribute: byType, equals: name }];
    items.set(name, { plan: { name, match, columns }, parts });
  }
  if (Object.keys(shape.items).length === 0 && !resolution.document.isReported(['items']))
    resolution.report(['items'], 'names no item type');
  if (byType === undefined) checkApart(resolution, templatesOf);
  return items;
}

/** Without a type attribute, every item must fit one item type's key templates only. */
function checkApart(resolution: Resolution, templates: ReadonlyMap<string, ReadonlyMap<string, KeyTemplate>>): void {
  const names = [...templates.keys()];
  for (const [index, name] of names.entries()) {
    const ours = templates.get(name)!;
    if (ours.size === 0) {
      if (resolution.document.isReported(['items', name, 'keys'])) continue;
      resolution.report(['items', name], 'needs key templates ("keys"), since the source has no typeAttribute');
      continue;
    }
    for (const other of names.slice(0, index)) {
      const theirs = templates.get(other)!;
      const apart = [...ours].some(([key, one]) => theirs.has(key) && !overlap(one, theirs.get(key)!));
      if (theirs.size > 0 && !apart) {
        resolution.report(
          ['items', name, 'keys'],
          `fit items of type "${other}" too; give the two other literals in a key`
        );
      }
    }
  }
}

/** The lake columns below an attribute path: the map's own fields by name. */
export function fieldsOf(item: ItemType, attribute: string): { field: string; column: LakeColumn }[] {
  const above = attribute.split('.');
  return item.plan.columns
    .filter(({ path }) => path.length === above.length + 1 && above.every((step, index) => path[index] === step))
    .map((column) => ({ field: column.path.at(-1)!, column }));
}

/** The lake column of an attribute path written with dots. */
export function columnOf(item: ItemType, attribute: string): LakeColumn | undefined {
  return item.plan.columns.find(({ path }) => path.join('.') === attribute);
}
