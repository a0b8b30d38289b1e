import { datePart, datePartLiteral } from './date-parts.js';
import { COMPATIBILITY_SCHEMA } from './install-functions.js';
import { group, isWord, raw, render, significant, skipTrivia, splitAt } from './nodes.js';
import type { Group, Node } from './nodes.js';
import { RedshiftSqlError } from './redshift-sql-error.js';
import { translateType } from './types.js';

/** A function call in SQL whose arguments have already been rewritten. */
export interface Call {
  readonly name: string;
  readonly args: readonly Node[][];
  /** What is between the parentheses. */
  readonly inside: readonly Node[];
  /** What comes after the closing parenthesis on the same level. */
  readonly following: readonly Node[];
}

/** What takes a call's place, and how many of the following nodes it takes with it. */
export interface Replacement {
  readonly nodes: Node[];
  readonly consumed?: number;
}

type Rewrite = (call: Call) => Replacement | undefined;

/** Functions of PostgreSQL that Redshift has not. @see https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-functions.html */
const unsupported = new Set([
  ...[
    'string_agg',
    'array_agg',
    'json_agg',
    'jsonb_agg',
    'json_object_agg',
    'jsonb_object_agg',
    'row_to_json',
    'to_json',
    'to_jsonb',
  ],
  ...[
    'json_build_object',
    'json_build_array',
    'jsonb_build_object',
    'jsonb_build_array',
    'unnest',
    'regexp_matches',
    'regexp_match',
  ],
  ...[
    'regexp_split_to_table',
    'regexp_split_to_array',
    'string_to_array',
    'string_to_table',
    'gen_random_uuid',
    'make_date',
    'make_timestamp',
  ],
  ...[
    'make_timestamptz',
    'make_interval',
    'concat_ws',
    'format',
    'clock_timestamp',
    'statement_timestamp',
    'transaction_timestamp',
  ],
  ...[
    'generate_subscripts',
    'pg_advisory_lock',
    'pg_advisory_xact_lock',
    'nextval',
    'currval',
    'setval',
    'lastval',
    'isfinite',
  ],
]);

const rewrites: Readonly<Record<string, Rewrite>> = {
  nvl: ({ args }) => ({ nodes: call('COALESCE', args) }),
  isnull: ({ args }) => (args.length === 2 ? { nodes: call('COALESCE', args) } : undefined),
  nvl2: ({ args: [value = [], given = [], missing = []] }) => ({
    nodes: [
      group([
        raw('CASE WHEN '),
        group(value),
        raw(' IS NOT NULL THEN '),
        ...given,
        raw(' ELSE '),
        ...missing,
        raw(' END'),
      ]),
    ],
  }),
  decode: ({ args }) => (args.length < 3 ? undefined : { nodes: [decode(args)] }),
  getdate: compatible,
  dateadd: dateFunction('dateadd', 2),
  date_add: dateFunction('dateadd', 2),
  datediff: dateFunction('datediff', 1),
  date_diff: dateFunction('datediff', 1),
  date_trunc: dateFunction('date_trunc', 1),
  date_part: ({ args: [part = [], value = []] }) => ({ nodes: call('date_part', [[datePartLiteral(part)], value]) }),
  extract: ({ inside }) => extract(inside),
  convert_timezone: ({ name, args }) =>
    compatible({ name, args: [...args.slice(0, -1), asTimestamp(args.at(-1) ?? [])] }),
  last_day: ({ name, args }) => compatible({ name, args: args.map(asTimestamp) }),
  add_months: ({ name, args: [value = [], months = []] }) => compatible({ name, args: [asTimestamp(value), months] }),
  months_between: ({ name, args }) => compatible({ name, args: args.map(asTimestamp) }),
  len: ({ args }) => ({ nodes: call('char_length', args) }),
  textlen: ({ args }) => ({ nodes: call('char_length', args) }),
  charindex: ({ args: [part = [], text = []] }) => ({ nodes: call('strpos', [text, part]) }),
  replicate: ({ args }) => ({ nodes: call('repeat', args) }),
  concat: ({ args }) => {
    if (args.length !== 2) throw unknownFunction('concat');
    const [left = [], right = []] = args;
    return { nodes: [group([group(left), raw('::varchar || '), group(right), raw('::varchar')])] };
  },
  strtol: compatible,
  trunc: ({ name, args }) => compatible({ name, args }),
  round: ({ name, args }) => (args.length === 2 ? compatible({ name, args }) : undefined),
  sha2: compatible,
  regexp_replace: ({ name, args }) => (args.length <= 3 ? compatible({ name, args }) : undefined),
  json_extract_path_text: compatible,
  json_parse: compatible,
  json_serialize: compatible,
  is_valid_json: compatible,
  median: ({ args: [value = []] }) => ({
    nodes: [raw('percentile_cont(0.5) WITHIN GROUP '), group([raw('ORDER BY '), ...value])],
  }),
  listagg: listAggregate,
  cast: ({ inside }) => cast(inside),
  convert: ({ args: [type = [], value = []] }) => ({
    nodes: [raw('CAST'), group([...value, raw(' AS '), ...translateType(type, 'cast', '?column?')])],
  }),
};

/**
 * Spells a call of a Redshift function in PostgreSQL, or leaves it: then the result is undefined.
 * @throws RedshiftSqlError for a function that only PostgreSQL has
 */
export function rewriteCall(call_: Call): Replacement | undefined {
  if (unsupported.has(call_.name)) throw unknownFunction(call_.name);
  return Object.hasOwn(rewrites, call_.name) ? rewrites[call_.name]?.(call_) : undefined;
}

function unknownFunction(name: string): RedshiftSqlError {
  return new RedshiftSqlError(
    `function ${name} does not exist\n  Hint: No function matches the given name and argument types. You may need to add explicit type casts.`
  );
}

function call(name: string, args: readonly Node[][]): Node[] {
  return [raw(name), group(args.flatMap((arg, index) => (index === 0 ? arg : [raw(','), ...arg])))];
}

function compatible({ name, args }: { name: string; args: readonly Node[][] }): Replacement {
  return { nodes: call(`${COMPATIBILITY_SCHEMA}.${name}`, args) };
}

/** Functions whose first argument is a date part and whose arguments from `firstTime` on are times. */
function dateFunction(name: string, firstTime: number): Rewrite {
  return ({ args: [part = [], ...rest] }) => {
    const times = rest.map((arg, index) => (index + 1 >= firstTime ? asTimestamp(arg) : arg));
    return compatible({ name, args: [[datePartLiteral(part)], ...times] });
  };
}

/** PostgreSQL would take a bare literal for a timestamp with time zone, Redshift takes it for one without. */
function asTimestamp(arg: readonly Node[]): Node[] {
  const parts = significant(arg);
  return parts.length === 1 && parts[0]?.kind === 'string' ? [...parts, raw('::timestamp')] : [...arg];
}

/** In DECODE, unlike in CASE, NULL equals NULL. */
function decode([value = [], ...pairs]: readonly Node[][]): Group {
  const nodes: Node[] = [raw('CASE')];
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    nodes.push(
      raw(' WHEN '),
      group(value),
      raw(' IS NOT DISTINCT FROM '),
      group(pairs[index] ?? []),
      raw(' THEN '),
      ...(pairs[index + 1] ?? [])
    );
  }
  if (pairs.length % 2 === 1) nodes.push(raw(' ELSE '), ...(pairs.at(-1) ?? []));
  return group([...nodes, raw(' END')]);
}

/** Redshift's EXTRACT gives an integer, PostgreSQL's a numeric, which would divide otherwise. */
function extract(inside: readonly Node[]): Replacement | undefined {
  const from = inside.findIndex((node) => isWord(node, 'from'));
  if (from < 0) return undefined;
  const part = datePart(inside.slice(0, from));
  const value = asTimestamp(inside.slice(from + 1));
  const expression = [raw('EXTRACT'), group([raw(`${part} FROM `), ...value])];
  return {
    nodes: part === 'epoch' ? expression : [raw('CAST'), group([raw('floor'), group(expression), raw(' AS integer')])],
  };
}

function cast(inside: readonly Node[]): Replacement | undefined {
  const as = inside.findLastIndex((node) => isWord(node, 'as'));
  if (as < 0) return undefined;
  const type = translateType(inside.slice(skipTrivia(inside, as + 1)), 'cast', '?column?');
  return { nodes: [raw('CAST'), group([...inside.slice(0, as + 1), raw(' '), ...type])] };
}

/** LISTAGG([DISTINCT] value [, delimiter]) [WITHIN GROUP (ORDER BY …)] [OVER (PARTITION BY …)] */
function listAggregate({ args: [value = [], delimiter = [raw("''")]], following }: Call): Replacement {
  let consumed = 0;
  let order: Node[] = [];
  const withinAt = skipTrivia(following, 0);
  const groupAt = skipTrivia(following, withinAt + 1);
  const orderAt = skipTrivia(following, groupAt + 1);
  const ordering = following[orderAt];
  if (isWord(following[withinAt], 'within') && isWord(following[groupAt], 'group') && ordering?.kind === 'group') {
    order = ordering.nodes;
    consumed = orderAt + 1;
  }
  const distinct = isWord(significant(value)[0], 'distinct');
  const expression = distinct ? value.slice(value.findIndex((node) => isWord(node, 'distinct')) + 1) : value;
  const text = [raw(distinct ? 'DISTINCT ' : ''), group(expression), raw('::varchar, '), ...delimiter];
  const overAt = skipTrivia(following, consumed);
  const windowAt = skipTrivia(following, overAt + 1);
  const window = following[windowAt];
  if (isWord(following[overAt], 'over') && window?.kind === 'group') {
    const frame =
      order.length > 0 ? [raw(' '), ...order, raw(' ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING')] : [];
    return {
      nodes: [raw('string_agg'), group(text), raw(' OVER '), group([...window.nodes, ...frame])],
      consumed: windowAt + 1,
    };
  }
  // with DISTINCT PostgreSQL orders by the very expression that is aggregated
  const sorted = distinct && order.length > 0 ? distinctOrder(expression, order) : order;
  return {
    nodes: [raw('string_agg'), group([...text, ...(sorted.length > 0 ? [raw(' '), ...sorted] : [])])],
    consumed,
  };
}

function distinctOrder(expression: readonly Node[], order: readonly Node[]): Node[] {
  const descending = isWord(significant(order).at(-1), 'desc');
  if (splitAt(order, ',').length > 1)
    throw new RedshiftSqlError('LISTAGG DISTINCT can be ordered by its own value only');
  return [raw(`ORDER BY (${render(expression)})::varchar${descending ? ' DESC' : ''}`)];
}
