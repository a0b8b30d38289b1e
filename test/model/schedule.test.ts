import { describe, expect, it } from 'vitest';
import { nextTimes, parseCalendar, parseCron, toRanges } from '../../model/calendar.js';
import { schedulesSchema } from '../../model/schedule.js';

const orders = { ruleset: 'orders', database: 'shop', table: 'orders' };

const problems = (entry: object): string[] => {
  const parsed = schedulesSchema.safeParse([{ name: 'a', ...entry }]);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('a schedule', () => {
  it('runs daily at midnight unless it says otherwise, with every policy set', () => {
    expect(schedulesSchema.parse([{ name: 'a' }])).toEqual([
      {
        name: 'a',
        cron: '0 0 * * *',
        calendars: [parseCron('0 0 * * *')],
        timeZone: 'UTC',
        overlap: 'SKIP',
        catchupWindow: 86_400_000,
        pauseOnFailure: false,
        jitter: 0,
        mode: 'full',
      },
    ]);
  });

  it.each([
    [{ cron: '61 * * * *' }, /^0\.cron: minute: .*0-59/],
    [{ cron: '0 0 * * * *' }, /^0\.cron: a cron expression has five fields/],
    [{ cron: '0 0 1 * MON' }, /^0\.cron: day of month and day of week are both given/],
    [{ cron: '0 0 31 2 *' }, /^0\.cron: dayOfMonth: none of the months has this day/],
    [{ cron: '0 0 L * *' }, /^0\.cron: dayOfMonth: "L" has no meaning/],
    [{ cron: '@every 5m' }, /^0\.cron: /],
    [{ calendar: { hour: 24 } }, /^0\.calendar\.0\.hour: /],
    [{ calendar: [{ hour: 1 }, { dayOfWeek: 'MOONDAY' }] }, /^0\.calendar\.1\.dayOfWeek: /],
    [{ calendar: { year: 1999 } }, /^0\.calendar\.0\.year: /],
    [{ timeZone: '+02:00' }, /^0\.timeZone: not a time zone/],
    [{ timeZone: 'Europe/Lodnon' }, /did you mean "Europe\/London"/],
    [{ overlap: 'skip' }, /^0\.overlap: not one of SKIP, /],
    [{ catchupWindow: '5s' }, /^0\.catchupWindow: .*from 10s/],
    [{ jitter: '2d' }, /^0\.jitter: .*up to 1d/],
    [{ cron: '@daily', calendar: { hour: 1 } }, /^0\.calendar: a cron is given as well/],
    [{ name: 'A b' }, /^0\.name: not a name/],
    [{ evaluate: { ...orders, ruleset: '1st' } }, /^0\.evaluate\.ruleset: not a name/],
    [{ evaluate: { ...orders, table: 'shop.orders' } }, /^0\.evaluate\.table: not the name of a table/],
    [{ evaluate: { ...orders, references: { old: 'orders' } } }, /^0\.evaluate\.references\.old: .*like shop.orders/],
    [{ evaluate: { ...orders, references: {} } }, /^0\.evaluate\.references: names no table/],
    [{ evaluate: { ...orders, minimumScore: 95 } }, /^0\.evaluate\.minimumScore: not a number from 0 to 1/],
    [{ evaluate: { ...orders, critical: 'high' } }, /^0\.evaluate\.critical: not of the form label=value/],
    [{ evaluate: orders, mode: 'full' }, /^0\.mode: is of runs of a pipeline/],
    [{ evaluate: orders, model: 'warehouse.yaml' }, /^0\.model: is of runs of a pipeline/],
  ])('%j is refused by its field', (entry, message) => {
    expect(problems(entry)).toEqual([expect.stringMatching(message)]);
  });

  it('evaluates when it says so', () => {
    const evaluate = {
      ...orders,
      references: { old: 'shop.orders_2025' },
      minimumScore: 0.9,
      critical: 'severity=high',
    };
    expect(schedulesSchema.parse([{ name: 'a', cron: '@hourly', evaluate }])).toEqual([
      {
        name: 'a',
        cron: '@hourly',
        calendars: [parseCron('@hourly')],
        timeZone: 'UTC',
        overlap: 'SKIP',
        catchupWindow: 86_400_000,
        pauseOnFailure: false,
        jitter: 0,
        evaluate: {
          ...orders,
          references: { old: { database: 'shop', table: 'orders_2025' } },
          minimumScore: 0.9,
          critical: { label: 'severity', value: 'high' },
        },
      },
    ]);
  });

  it('has a name of its own', () => {
    const parsed = schedulesSchema.safeParse([{ name: 'a' }, { name: 'b' }, { name: 'a' }]);
    expect(parsed.error?.issues.map(({ path }) => path)).toEqual([[2, 'name']]);
  });
});

describe('calendars', () => {
  it('are ranges of what a cron says', () => {
    const { minute, hour, dayOfWeek } = parseCron('*/15 9-17,20 * * MON-FRI');
    expect([minute, hour, dayOfWeek].map(toRanges)).toEqual([
      [{ start: 0, end: 45, step: 15 }],
      [
        { start: 9, end: 17, step: 1 },
        { start: 20, end: 20, step: 1 },
      ],
      [{ start: 1, end: 5, step: 1 }],
    ]);
    expect(parseCron('0 0 * * 0,7').dayOfWeek).toEqual([0]);
  });

  it('need all of their fields to match', () => {
    const firstMonday = parseCalendar({ hour: '2', dayOfMonth: '1-7', dayOfWeek: 'Monday' });
    const times = nextTimes([firstMonday], 'America/New_York', 3, new Date('2026-02-10T00:00:00Z'));
    expect(times.map((time) => time.toISOString().slice(0, 16))).toEqual([
      '2026-03-02T07:00',
      '2026-04-06T06:00',
      '2026-05-04T06:00',
    ]);
  });

  it('skip what a change of the clock leaves out, and follow the zone', () => {
    const times = nextTimes([parseCron('30 1 * * *')], 'Europe/London', 3, new Date('2026-03-28T00:00:00Z'));
    expect(times.map((time) => time.toISOString().slice(0, 16))).toEqual([
      '2026-03-28T01:30',
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ]);
  });

  it('give the union of several, each time once', () => {
    const calendars = [parseCron('0 6 * * *'), parseCalendar({ hour: '6', minute: '0,30' })];
    const times = nextTimes(calendars, 'UTC', 3, new Date('2026-01-01T00:00:00Z'));
    expect(times.map((time) => time.toISOString().slice(8, 16))).toEqual(['01T06:00', '01T06:30', '02T06:00']);
  });

  it('that never come again have no next time', () => {
    expect(nextTimes([parseCalendar({ year: '2020' })], 'UTC', 3, new Date('2026-01-01T00:00:00Z'))).toEqual([]);
  });
});
