import { raw, render, significant } from './nodes.js';
import type { Node } from './nodes.js';
import { RedshiftSqlError } from './redshift-sql-error.js';

/** Redshift's date parts with their short forms, by PostgreSQL's names. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  millennium: ['millennium', 'millennia', 'mil', 'mils'],
  century: ['century', 'centuries', 'c', 'cent', 'cents'],
  decade: ['decade', 'decades', 'dec', 'decs'],
  epoch: ['epoch'],
  year: ['year', 'years', 'y', 'yr', 'yrs'],
  quarter: ['quarter', 'quarters', 'qtr', 'qtrs'],
  month: ['month', 'months', 'mon', 'mons'],
  week: ['week', 'weeks', 'w'],
  dow: ['dayofweek', 'dow', 'dw', 'weekday'],
  doy: ['dayofyear', 'doy', 'dy', 'yearday'],
  day: ['day', 'days', 'd'],
  hour: ['hour', 'hours', 'h', 'hr', 'hrs'],
  minute: ['minute', 'minutes', 'm', 'min', 'mins'],
  second: ['second', 'seconds', 's', 'sec', 'secs'],
  millisecond: [
    'millisecond',
    'milliseconds',
    'ms',
    'msec',
    'msecs',
    'msecond',
    'mseconds',
    'millisec',
    'millisecs',
    'millisecon',
  ],
  microsecond: [
    'microsecond',
    'microseconds',
    'microsec',
    'microsecs',
    'microsecon',
    'usecond',
    'useconds',
    'us',
    'usec',
    'usecs',
  ],
};
const partsBySpelling = new Map(
  Object.entries(spellings).flatMap(([part, names]) => names.map((name) => [name, part] as const))
);

/**
 * PostgreSQL's name for a date part, given as a bare word or a string.
 * @throws RedshiftSqlError for what is no date part
 * @see https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html
 */
export function datePart(nodes: readonly Node[]): string {
  const text = render(significant(nodes)).replaceAll("'", '').toLowerCase();
  const part = partsBySpelling.get(text);
  if (part === undefined) throw new RedshiftSqlError(`date part "${text}" not recognized`);
  return part;
}

/** A date part as a string literal. */
export function datePartLiteral(nodes: readonly Node[]): Node {
  return raw(`'${datePart(nodes)}'`);
}
