import { AwsError } from '../gateway/aws-error.js';

type Pattern = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Pattern =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function invalid(reason: string): never {
  throw new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}

/** Reads an event pattern. @throws AwsError `InvalidEventPatternException`. */
export function parsePattern(text: string): Pattern {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch {
    invalid('it is not JSON');
  }
  if (!isObject(pattern)) invalid('it is not an object');
  check(pattern);
  return pattern;
}

function check(pattern: Pattern): void {
  for (const [name, value] of Object.entries(pattern)) {
    if (name === '$or') {
      if (!Array.isArray(value) || value.length < 2 || !value.every(isObject))
        invalid('$or needs two patterns or more');
      for (const one of value as Pattern[]) check(one);
    } else if (Array.isArray(value)) {
      if (value.length === 0) invalid(`"${name}" must not be an empty array`);
      for (const one of value) if (isObject(one)) comparison(one);
    } else if (isObject(value)) check(value);
    else invalid(`"${name}" must be an object or an array`);
  }
}

type Test = (value: unknown) => boolean;

const comparators: Readonly<Record<string, (operand: unknown) => Test>> = {
  prefix: (operand) => text((value) => value.startsWith(String(operand))),
  suffix: (operand) => text((value) => value.endsWith(String(operand))),
  'equals-ignore-case': (operand) => text((value) => value.toLowerCase() === String(operand).toLowerCase()),
  wildcard: (operand) => {
    const parts = String(operand)
      .split('*')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const pattern = new RegExp(`^${parts.join('[^]*')}$`);
    return text((value) => pattern.test(value));
  },
  'anything-but': (operand) => {
    if (isObject(operand)) {
      const inner = comparison(operand);
      return (value) => !inner(value);
    }
    const excluded: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
    return (value) => !excluded.includes(value);
  },
  numeric: (operand) => {
    if (!Array.isArray(operand) || operand.length === 0 || operand.length % 2 !== 0) invalid('numeric needs pairs');
    return (value) => typeof value === 'number' && pairs(operand).every(([sign, limit]) => numeric(sign, value, limit));
  },
};

function text(test: (value: string) => boolean): Test {
  return (value) => typeof value === 'string' && test(value);
}

function pairs(list: readonly unknown[]): [unknown, number][] {
  return list.flatMap((sign, index) => (index % 2 === 0 ? [[sign, Number(list[index + 1])] as [unknown, number]] : []));
}

function numeric(sign: unknown, value: number, limit: number): boolean {
  switch (sign) {
    case '=':
      return value === limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    default:
      return invalid(`unknown numeric comparison ${String(sign)}`);
  }
}

function comparison(operator: Pattern): Test {
  const [[name, operand] = ['', undefined], ...more] = Object.entries(operator);
  if (name === 'exists' && more.length === 0) return (value) => (value !== undefined) === operand;
  const make = Object.hasOwn(comparators, name) ? comparators[name] : undefined;
  if (make === undefined || more.length > 0) invalid(`unrecognized match type ${name}`);
  return make(operand);
}

function valueMatches(accepted: readonly unknown[], value: unknown): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return accepted.some((one) => (isObject(one) ? values.some(comparison(one)) : values.includes(one)));
}

/**
 * Whether an event matches a pattern.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function matchesPattern(pattern: Pattern, event: Pattern): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    if (name === '$or') return (wanted as Pattern[]).some((one) => matchesPattern(one, event));
    const value = event[name];
    if (Array.isArray(wanted)) return valueMatches(wanted, value);
    return matchesPattern(wanted as Pattern, isObject(value) ? value : {});
  });
}
