import { z } from 'zod';
import { UsageError } from './errors.js';

const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** The time that an option was given, if it was. @throws UsageError for a text that is no time with a zone or date. */
export function timeOption(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  if (time.safeParse(text).success) return new Date(text);
  throw new UsageError(`${option} ${text}: a time is written 2026-03-01T12:00:00Z or, for midnight in UTC, 2026-03-01`);
}
