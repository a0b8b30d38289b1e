import { CronExpressionParser } from 'cron-parser';

/** Fields of a calendar; `second`, `minute`, `hour`, `dayOfMonth`, `month`, `dayOfWeek` in cron's numbers (Sunday is 0). */
export const calendarFields = ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek', 'year'] as const;

/** One of {@link calendarFields}. */
export type CalendarField = (typeof calendarFields)[number];

/** A set of times: those at which every field has one of its values. No year means every year. */
export type Calendar = Readonly<Record<CalendarField, readonly number[]>>;

/** Smallest and largest value of a field, and what stands for one that is not given. */
const fields: Readonly<Record<CalendarField, { readonly from: number; readonly to: number; readonly absent: string }>> =
  {
    second: { from: 0, to: 59, absent: '0' },
    minute: { from: 0, to: 59, absent: '0' },
    hour: { from: 0, to: 23, absent: '0' },
    dayOfMonth: { from: 1, to: 31, absent: '*' },
    month: { from: 1, to: 12, absent: '*' },
    dayOfWeek: { from: 0, to: 6, absent: '*' },
    year: { from: 2000, to: 2100, absent: '*' },
  };

/** All values of a field: what `*` stands for. */
export function allValues(field: CalendarField): number[] {
  const { from, to } = fields[field];
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

const shorthands: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const sorted = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);

/** `MONDAY` is `MON`, as cron has it. */
const short = (text: string): string => text.replace(/[a-z]{3,}/gi, (name) => name.slice(0, 3).toUpperCase());

/** @throws Error saying what is wrong with the text of one field. */
function parseField(field: CalendarField, text: string): number[] {
  const compact = text.replace(/\s+/g, '');
  if (!/^[0-9A-Za-z*,/-]+$/.test(compact))
    throw new Error(`${JSON.stringify(text)} has characters that have no meaning here`);
  if (compact === '*') return field === 'year' ? [] : allValues(field);
  if (field === 'year') {
    return sorted(
      compact.split(',').flatMap((part) => {
        const [, from = '', to = from] = /^(\d{4})(?:-(\d{4}))?$/.exec(part) ?? [];
        const years = allValues('year').filter((year) => year >= Number(from) && year <= Number(to));
        if (years.length === 0)
          throw new Error(`${JSON.stringify(part)} is no year or range of years from 2000 to 2100`);
        return years;
      })
    );
  }
  const order = ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek'] as const;
  // One part at a time: the parser refuses `0,7`, which is Sunday twice.
  return sorted(
    compact.split(',').flatMap((part) => {
      const line = order.map((one) => (one === field ? short(part) : one === 'second' ? '0' : '*')).join(' ');
      const values = CronExpressionParser.parse(line).fields[field].values as readonly (number | string)[];
      return values.map((value) => {
        if (typeof value !== 'number') throw new Error(`${JSON.stringify(part)} has no meaning to Temporal`);
        return field === 'dayOfWeek' ? value % 7 : value;
      });
    })
  );
}

/**
 * Reads a cron expression of five fields (minute, hour, day of month, month, day of week) or a shorthand like `@daily`.
 * @throws Error saying what is wrong with it.
 */
export function parseCron(cron: string): Calendar {
  const text = cron.trim();
  const parts = (shorthands[text.toLowerCase()] ?? text).split(/\s+/);
  if (parts.length !== 5) {
    throw new Error(
      'a cron expression has five fields (minute, hour, day of month, month, day of week), or is like @daily'
    );
  }
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = parts;
  const calendar = parseCalendar({ minute, hour, dayOfMonth, month, dayOfWeek });
  if (calendar.dayOfMonth.length < 31 && calendar.dayOfWeek.length < 7) {
    throw new Error(
      'day of month and day of week are both given: crons read that as "or", Temporal as "and"; say it by `calendar`'
    );
  }
  return calendar;
}

/**
 * Reads a calendar whose fields are as in cron; a field that is not given is 0 from `second` to `hour`, else any value.
 * @throws CalendarError naming the field.
 */
export function parseCalendar(given: Readonly<Partial<Record<CalendarField, string>>>): Calendar {
  const read = calendarFields.map((field) => {
    try {
      return [field, parseField(field, given[field] ?? fields[field].absent)] as const;
    } catch (error) {
      throw new CalendarError(field, (error as Error).message);
    }
  });
  const calendar = Object.fromEntries(read) as unknown as Calendar;
  const longest = Math.max(...calendar.month.map((month) => new Date(Date.UTC(2024, month, 0)).getUTCDate()));
  if (Math.min(...calendar.dayOfMonth) > longest)
    throw new CalendarError('dayOfMonth', 'none of the months has this day');
  return calendar;
}

/** A field of a calendar that cannot be read. */
export class CalendarError extends Error {
  constructor(
    readonly field: CalendarField,
    problem: string
  ) {
    super(`${field}: ${problem}`);
    this.name = 'CalendarError';
  }
}

/** Values as ranges: runs of equal steps of at least three values, and single values. */
export function toRanges(
  values: readonly number[]
): { readonly start: number; readonly end: number; readonly step: number }[] {
  const ranges: { start: number; end: number; step: number }[] = [];
  for (let from = 0; from < values.length;) {
    const start = values[from]!;
    const step = Math.max(1, (values[from + 1] ?? start + 1) - start);
    let to = from;
    while (to + 1 < values.length && values[to + 1]! - values[to]! === step) to += 1;
    if (to - from < 2 && step > 1) to = from;
    ranges.push({ start, end: values[to]!, step: to === from ? 1 : step });
    from = to + 1;
  }
  return ranges;
}

/** The next times of calendars in a time zone, in order, at most `count`; for a preview. */
export function nextTimes(calendars: readonly Calendar[], timeZone: string, count: number, after: Date): Date[] {
  const times = calendars.flatMap((calendar) => {
    const field = (name: Exclude<CalendarField, 'year'>): string => calendar[name].join(',');
    const years = new Set(calendar.year);
    // Days are matched here: the parser takes two restricted day fields for "or".
    const line = `${field('second')} ${field('minute')} ${field('hour')} * ${field('month')} ${field('dayOfWeek')}`;
    const cron = CronExpressionParser.parse(line, { currentDate: after, tz: timeZone });
    const clock = new Intl.DateTimeFormat('en-US', { timeZone, day: 'numeric', hour: 'numeric', hourCycle: 'h23' });
    const found: Date[] = [];
    for (let tries = 0; found.length < count && tries < 100_000; tries += 1) {
      const time = cron.next().toDate();
      const year = time.getUTCFullYear();
      if (years.size > 0 && year > Math.max(...years) + 1) break;
      if (years.size > 0 && !years.has(year)) continue;
      const parts = Object.fromEntries(clock.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
      // The parser moves a time that a change of the clock leaves out; Temporal skips it.
      if (calendar.dayOfMonth.includes(parts.day!) && calendar.hour.includes(parts.hour!)) found.push(time);
    }
    return found;
  });
  return [...new Map(times.map((time) => [time.getTime(), time])).values()]
    .sort((a, b) => a.getTime() - b.getTime())
    .slice(0, count);
}
