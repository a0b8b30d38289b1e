import { z } from 'zod';
import { CalendarError, parseCalendar, parseCron } from './calendar.js';
import type { Calendar, CalendarField } from './calendar.js';
import { suggestion } from './near-name.js';
import { overlapPolicies } from './overlap-policies.js';
import type { OverlapPolicy } from './overlap-policies.js';
import { evaluationSchema } from './scheduled-evaluation.js';
import type { EvaluationDeclaration } from './scheduled-evaluation.js';

/** When a schedule starts something, and how it goes on from there. */
export interface ScheduleTimes {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** The cron expression as written, or undefined of a schedule by calendars. */
  readonly cron?: string;
  /** The times are the union of these. */
  readonly calendars: readonly Calendar[];
  /** IANA name. */
  readonly timeZone: string;
  readonly overlap: OverlapPolicy;
  /** How late a run that could not start in time is still started, in milliseconds. */
  readonly catchupWindow: number;
  readonly pauseOnFailure: boolean;
  /** Largest random delay, in milliseconds. */
  readonly jitter: number;
}

/** A schedule of runs of a pipeline. */
export interface EltSchedule extends ScheduleTimes {
  readonly mode: 'full' | 'incremental';
  /** File of the model; the configuration's own when undefined. */
  readonly model?: string;
  readonly evaluate?: undefined;
  readonly glueUsage?: undefined;
}

/** A schedule of evaluations of data quality. */
export interface EvaluationSchedule extends ScheduleTimes {
  readonly evaluate: EvaluationDeclaration;
  readonly glueUsage?: undefined;
}

/** A schedule that watches what Glue runs, or reports it. */
export interface GlueUsageSchedule extends ScheduleTimes {
  readonly glueUsage: 'watch' | 'report';
  readonly evaluate?: undefined;
}

/** A schedule as `sluice.yaml` declares it, with all defaults. */
export type ScheduleDeclaration = EltSchedule | EvaluationSchedule | GlueUsageSchedule;

const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function duration(least: number, most: number, range: string) {
  return z.string().transform((text, context) => {
    const [, number = '', letter = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
    const milliseconds = Number(number) * (unit[letter as keyof typeof unit] ?? NaN);
    if (number !== '' && milliseconds >= least && milliseconds <= most) return milliseconds;
    context.addIssue({ code: 'custom', message: `not a time like 30s, 15m, 6h or 1d, ${range}` });
    return z.NEVER;
  });
}

const timeZone = z.string().superRefine((name, context) => {
  try {
    if (!/^[A-Za-z]/.test(name)) throw new RangeError('an offset');
    new Intl.DateTimeFormat('en-US', { timeZone: name });
  } catch {
    const near = suggestion(name, Intl.supportedValuesOf('timeZone'));
    context.addIssue({ code: 'custom', message: `not a time zone of the IANA database, like Europe/London${near}` });
  }
});

const value = z.union([z.number().int(), z.string().min(1)]);
const field = z.union([value, z.array(value).min(1)]).optional();

const calendar = z
  .strictObject({
    second: field,
    minute: field,
    hour: field,
    dayOfMonth: field,
    month: field,
    dayOfWeek: field,
    year: field,
  })
  .transform((given, context): Calendar => {
    const texts = Object.entries(given).flatMap(([field, text]) =>
      text === undefined ? [] : [[field, [text].flat().join(',')]]
    );
    try {
      return parseCalendar(Object.fromEntries(texts) as Partial<Record<CalendarField, string>>);
    } catch (error) {
      if (!(error instanceof CalendarError)) throw error;
      context.addIssue({ code: 'custom', path: [error.field], message: error.message.replace(`${error.field}: `, '') });
      return z.NEVER;
    }
  });

const cron = z.string().superRefine((text, context) => {
  try {
    parseCron(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

const schedule = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/, 'not a name: 1 to 60 lower-case letters, digits and hyphens'),
    cron: cron.optional(),
    calendar: z.preprocess(
      (given) => (given === undefined ? given : [given].flat()),
      z.array(calendar).min(1).optional()
    ),
    timeZone: timeZone.default('UTC'),
    overlap: z.enum(overlapPolicies, `not one of ${overlapPolicies.join(', ')}`).default('SKIP'),
    catchupWindow: duration(10_000, 366 * unit.d, 'from 10s to 366d').default(unit.d),
    pauseOnFailure: z.boolean().default(false),
    jitter: duration(0, unit.d, 'up to 1d').default(0),
    mode: z.enum(['full', 'incremental'], 'not one of full, incremental').optional(),
    model: z.string().min(1).optional(),
    evaluate: evaluationSchema.optional(),
    glueUsage: z.enum(['watch', 'report'], 'not one of watch, report').optional(),
  })
  .superRefine((one, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (one.cron !== undefined && one.calendar !== undefined) {
      problem('calendar', 'a cron is given as well: name one of the two');
    }
    for (const field of ['mode', 'model'] as const) {
      if (one.evaluate !== undefined && one[field] !== undefined) {
        problem(field, 'is of runs of a pipeline, and this schedule evaluates');
      }
    }
    for (const field of ['mode', 'model', 'evaluate'] as const) {
      if (one.glueUsage !== undefined && one[field] !== undefined) {
        problem(field, 'is not of a schedule that looks at the usage of Glue');
      }
    }
  })
  .transform(({ cron, calendar, evaluate, glueUsage, mode = 'full', model, ...rest }): ScheduleDeclaration => {
    const expression = cron ?? '0 0 * * *';
    const times = calendar ? { calendars: calendar } : { cron: expression, calendars: [parseCron(expression)] };
    if (glueUsage !== undefined) return { ...rest, ...times, glueUsage };
    if (evaluate !== undefined) return { ...rest, ...times, evaluate };
    return { ...rest, ...times, mode, ...(model !== undefined && { model }) };
  });

/** The `schedules` of `sluice.yaml`. Without cron and calendar a schedule runs daily at midnight of its time zone. */
export const schedulesSchema = z.array(schedule).superRefine((schedules, context) => {
  schedules.forEach(({ name }, index) => {
    if (schedules.findIndex((other) => other.name === name) < index) {
      context.addIssue({ code: 'custom', path: [index, 'name'], message: 'another schedule has this name' });
    }
  });
});
