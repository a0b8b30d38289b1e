import type { CalendarSpec, CalendarSpecDescription, DayOfWeek, Month, Range } from '@temporalio/client';
import { allValues, calendarFields, toRanges } from '../../model/calendar.js';
import type { Calendar, CalendarField } from '../../model/calendar.js';

const months: readonly Month[] = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
];
const days: readonly DayOfWeek[] = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];

/** A calendar as Temporal takes it; `comment` is shown in its UI. */
export function toCalendarSpec(calendar: Calendar, comment?: string): CalendarSpec {
  const named = <T>(field: CalendarField, nameOf: (value: number) => T): Range<T>[] =>
    toRanges(calendar[field]).map(({ start, end, step }) => ({ start: nameOf(start), end: nameOf(end), step }));
  const number = (field: CalendarField): Range<number>[] => named(field, (value) => value);
  return {
    second: number('second'),
    minute: number('minute'),
    hour: number('hour'),
    dayOfMonth: number('dayOfMonth'),
    month: named('month', (value) => months[value - 1]!),
    dayOfWeek: named('dayOfWeek', (value) => days[value]!),
    ...(calendar.year.length > 0 && { year: number('year') }),
    ...(comment !== undefined && { comment }),
  };
}

/** A calendar as Temporal describes it, as sets of values. */
export function fromCalendarSpec(spec: CalendarSpecDescription): Calendar {
  const valueOf = (field: CalendarField, value: number | string): number => {
    if (typeof value === 'number') return value;
    return field === 'month' ? months.indexOf(value as Month) + 1 : days.indexOf(value as DayOfWeek);
  };
  const read = calendarFields.map((field) => {
    const values = (spec[field] as readonly Range<number | string>[]).flatMap((range) => {
      const from = valueOf(field, range.start);
      const to = Math.max(from, valueOf(field, range.end));
      const step = Math.max(1, range.step);
      return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
    });
    return [field, [...new Set(values)].sort((a, b) => a - b)] as const;
  });
  return Object.fromEntries(read) as unknown as Calendar;
}

/** A calendar in words close to cron's, for people. */
export function calendarText(calendar: Calendar): string {
  const parts = calendarFields.flatMap((field) => {
    const values = calendar[field];
    if (values.length === 0 || values.length === allValues(field).length) return field === 'hour' ? ['every hour'] : [];
    if (field === 'second' && values.length === 1 && values[0] === 0) return [];
    const ranges = toRanges(values).map(({ start, end, step }) => {
      const name = (value: number): string =>
        field === 'month' ? months[value - 1]! : field === 'dayOfWeek' ? days[value]! : String(value);
      return start === end ? name(start) : `${name(start)}-${name(end)}${step > 1 ? `/${step}` : ''}`;
    });
    return [`${field} ${ranges.join(',')}`];
  });
  return parts.join(', ');
}
