import type { Path } from './document.js';
import type { FactSource } from './fact-source.js';
import type { Resolution } from './resolution.js';
import type { FactShape } from './shape.js';
import type { Dimension, Lookup, Value } from './warehouse-model.js';

/** A column as it is written in the model. */
function written(value: Value): string {
  return value[0] === undefined ? '' : `${value[0].entity}.${value[0].column}`;
}

/**
 * Gives each lookup of a type 2 dimension the time whose version it takes: what `at` of the lookup or of the fact says,
 * else the column by which the fact finds its one date.
 */
export function resolveTimes(
  resolution: Resolution,
  path: Path,
  source: FactSource,
  shape: FactShape,
  lookups: readonly Lookup[],
  dimensions: ReadonlyMap<string, Dimension>
): Lookup[] {
  const dates = lookups.filter((lookup) => dimensions.get(lookup.dimension)?.kind === 'dates');
  const times = new Map(dates.flatMap(({ on }) => (on[0] === undefined ? [] : [[written(on[0]), on[0]] as const])));
  const complete = lookups.length === Object.keys(shape.dimensions).length;
  const explicit = (at: Path, text: string): Value | undefined => {
    const value = source.value(at, text);
    const type = value?.[0]?.type.name;
    if (type !== undefined && type !== 'date' && type !== 'timestamp') {
      return resolution.report(at, `"${text}" is ${type}, not a date or timestamp`);
    }
    return value;
  };
  const ofFact = shape.at === undefined ? undefined : explicit([...path, 'at'], shape.at);
  return lookups.map((lookup): Lookup => {
    const here = [...path, 'dimensions', lookup.role];
    const own = shape.dimensions[lookup.role];
    const text = typeof own === 'object' ? own.at : undefined;
    if (dimensions.get(lookup.dimension)?.scd !== 2) {
      const problem = `is for dimensions with versions; "${lookup.dimension}" has none (scd: 2)`;
      if (text !== undefined) resolution.report([...here, 'at'], problem);
      return lookup;
    }
    if (text !== undefined || shape.at !== undefined) {
      const at = text === undefined ? ofFact : explicit([...here, 'at'], text);
      return at === undefined ? lookup : { ...lookup, at };
    }
    const [time, ...more] = times.values();
    if (time !== undefined && more.length === 0) return { ...lookup, at: time };
    if (complete) {
      const which = times.size === 0 ? 'no date' : `several dates (${[...times.keys()].join(', ')})`;
      const why = `dimension "${lookup.dimension}" has versions (scd: 2) and the fact ${which} to choose one by`;
      resolution.report(here, `${why}; name a date or timestamp column with "at"`);
    }
    return lookup;
  });
}
