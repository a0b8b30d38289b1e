import { z } from 'zod';

/** A table of the Glue catalog, by database and name. */
export interface ScheduledTable {
  readonly database: string;
  readonly table: string;
}

/** What a schedule evaluates, as `evaluate` of an entry of `schedules` declares it. */
export interface EvaluationDeclaration extends ScheduledTable {
  /** Glue's name of the ruleset. */
  readonly ruleset: string;
  /** File of its DQDL; without one, Glue has to have the ruleset. */
  readonly file?: string;
  /** Further tables by the alias that the rules use. */
  readonly references?: Readonly<Record<string, ScheduledTable>>;
  /** 0 to 1. Without it every rule must pass. */
  readonly minimumScore?: number;
  /** Rules that carry this label must pass whatever the score. */
  readonly critical?: { readonly label: string; readonly value: string };
}

const name = (what: string) =>
  z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, `not the name of a ${what}: 1 to 255 letters, digits, _ and -`);

const reference = z.string().transform((text, context): ScheduledTable => {
  const [, database, table] = /^([A-Za-z0-9_-]{1,255})\.([A-Za-z0-9_-]{1,255})$/.exec(text) ?? [];
  if (database !== undefined && table !== undefined) return { database, table };
  context.addIssue({ code: 'custom', message: 'not a table of the catalog, like shop.orders' });
  return z.NEVER;
});

const critical = z.string().transform((text, context) => {
  const [, label, value] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (label !== undefined && value !== undefined) return { label, value };
  context.addIssue({ code: 'custom', message: 'not of the form label=value' });
  return z.NEVER;
});

/** `evaluate` of an entry of `schedules`. */
export const evaluationSchema = z.strictObject({
  ruleset: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,99}$/, 'not a name: 1 to 100 letters, digits, _ and -, beginning with a letter'),
  file: z.string().min(1).optional(),
  database: name('database'),
  table: name('table'),
  references: z
    .record(z.string().regex(/^[^\s"]{1,255}$/, 'not an alias: up to 255 characters without spaces'), reference)
    .refine((references) => Object.keys(references).length > 0, 'names no table: leave it out')
    .optional(),
  minimumScore: z.number().min(0, 'not a number from 0 to 1').max(1, 'not a number from 0 to 1').optional(),
  critical: critical.optional(),
});
