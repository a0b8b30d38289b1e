import type { AttributeType } from '../../../../model/plan.js';
import { quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';

/** An attribute that a job reads: where it stands and the descriptor it is expected to have. */
export interface AttributeRequest {
  /** Attribute names from the item's top through maps. */
  readonly path: readonly string[];
  readonly type: AttributeType;
  /** For a list of maps: the attributes of each map. */
  readonly fields?: readonly { readonly name: string; readonly type: AttributeType }[];
}

/** SQL expressions over one item. Scalars are given as text, sets as lists of text, lists of maps as lists of structs. */
export interface ItemAccess {
  /** DuckDB type with which the member `Item` of an export record is read. */
  readonly recordType: string;
  /** True when the attribute is there, whatever its descriptor. */
  present(path: readonly string[]): string;
  /** The value under the request's descriptor, NULL when the attribute has another one. */
  value(request: AttributeRequest): string;
  /** True when the attribute has this descriptor. */
  has(path: readonly string[], type: AttributeType): string;
}

type Fields = NonNullable<AttributeRequest['fields']>;

/** One level of attributes: per attribute the DuckDB type of each wanted descriptor. */
interface Node {
  readonly descriptors: Map<AttributeType, string>;
  readonly children: Map<string, Node>;
  readonly elements: Map<string, Node>;
}

function scalarOrSetType(type: AttributeType): string {
  if (type === 'SS' || type === 'NS' || type === 'BS') return 'VARCHAR[]';
  return type === 'M' || type === 'L' ? 'JSON' : 'VARCHAR';
}

function emptyNode(): Node {
  return { descriptors: new Map(), children: new Map(), elements: new Map() };
}

function child(nodes: Map<string, Node>, name: string): Node {
  const found = nodes.get(name) ?? emptyNode();
  nodes.set(name, found);
  return found;
}

/** DuckDB matches struct fields without regard to case, attribute names differ by case. */
function clashes(nodes: Map<string, Node>): boolean {
  return new Set([...nodes.keys()].map((name) => name.toLowerCase())).size < nodes.size;
}

function structOf(nodes: Map<string, Node>): string | undefined {
  if (clashes(nodes)) return undefined;
  const members: string[] = [];
  for (const [name, node] of nodes) {
    const descriptors = new Map(node.descriptors);
    for (const [descriptor, below] of [['M', node.children] as const, ['L', node.elements] as const]) {
      if (below.size === 0) continue;
      const inner = structOf(below);
      // A map wanted both whole and by its parts cannot be read as one type.
      if (inner === undefined || descriptors.has(descriptor)) return undefined;
      descriptors.set(descriptor, descriptor === 'M' ? inner : `STRUCT("M" ${inner}, "NULL" VARCHAR)[]`);
    }
    descriptors.set('NULL', 'VARCHAR');
    const typed = [...descriptors].map(([descriptor, type]) => `"${descriptor}" ${type}`);
    members.push(`${quoteIdentifier(name)} STRUCT(${typed.join(', ')})`);
  }
  return `STRUCT(${members.join(', ')})`;
}

/**
 * Access to items that are read as one struct with exactly the wanted attributes and descriptors, the fastest way to
 * parse them. Returns undefined where DuckDB has no such struct: names that differ only by case, or a map that is
 * wanted both whole and by its parts.
 */
export function typedAccess(item: string, requests: readonly AttributeRequest[]): ItemAccess | undefined {
  const top = new Map<string, Node>();
  for (const { path, type, fields } of requests) {
    let nodes = top;
    let node = emptyNode();
    path.forEach((name, depth) => {
      node = child(nodes, name);
      if (depth < path.length - 1) nodes = node.children;
    });
    if (type === 'L' && fields !== undefined) {
      for (const field of fields)
        child(node.elements, field.name).descriptors.set(field.type, scalarOrSetType(field.type));
    } else if (type !== 'NULL') {
      node.descriptors.set(type, scalarOrSetType(type));
    }
  }
  const recordType = structOf(top);
  if (recordType === undefined) return undefined;
  const attribute = (path: readonly string[]): string => `${item}.${path.map(quoteIdentifier).join('."M".')}`;
  return {
    recordType,
    present: (path) => `(${attribute(path)} IS NOT NULL)`,
    value: ({ path, type }) => `${attribute(path)}."${type}"`,
    has: (path, type) => `(${attribute(path)}."${type}" IS NOT NULL)`,
  };
}

/** DuckDB's `from_json` structure of a list of maps. */
function listStructure(fields: Fields): string {
  const members: Record<string, Record<string, unknown>> = {};
  for (const field of fields) {
    const type = scalarOrSetType(field.type);
    members[field.name] = { [field.type]: type === 'VARCHAR[]' ? ['VARCHAR'] : type, NULL: 'VARCHAR' };
  }
  return JSON.stringify([{ M: members, NULL: 'VARCHAR' }]);
}

/** Access to items that are read as JSON: takes every attribute name, slower than {@link typedAccess}. */
export function jsonAccess(item: string): ItemAccess {
  const pointer = (path: readonly string[], descriptor?: AttributeType): string => {
    const steps = path.flatMap((name, depth) => (depth === 0 ? [name] : ['M', name]));
    if (descriptor !== undefined) steps.push(descriptor);
    // RFC 6901
    return quoteLiteral(steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
  };
  const text = (at: string): string => `json_extract_string(${item}, ${at})`;
  return {
    recordType: 'JSON',
    present: (path) => `(${text(pointer(path))} IS NOT NULL)`,
    has: (path, type) => `(${text(pointer(path, type))} IS NOT NULL)`,
    value: ({ path, type, fields }) => {
      const at = pointer(path, type);
      if (type === 'L' && fields !== undefined) {
        return `from_json(json_extract(${item}, ${at}), ${quoteLiteral(listStructure(fields))})`;
      }
      if (scalarOrSetType(type) === 'VARCHAR[]') return `from_json(json_extract(${item}, ${at}), '["VARCHAR"]')`;
      return scalarOrSetType(type) === 'JSON' ? `json_extract(${item}, ${at})` : text(at);
    },
  };
}
