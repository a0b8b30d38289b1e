import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { JobFailure } from './job-script.js';

/** Reads the arguments of a run. Each method throws {@link JobFailure} for a missing or malformed argument. */
export class JobArguments {
  constructor(private readonly values: Readonly<Record<string, string>>) {}

  text(name: string): string {
    const value = this.values[name];
    if (value === undefined || value === '') throw new JobFailure(`Argument ${name} is missing`);
    return value;
  }

  /** A text, or undefined when the argument is not given. */
  optional(name: string): string | undefined {
    return this.values[name] === undefined ? undefined : this.text(name);
  }

  /** A time in UTC in ISO 8601, such as 2026-03-01T00:00:00Z. */
  time(name: string): string {
    const value = this.text(name);
    const isIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(value);
    if (!isIso || Number.isNaN(Date.parse(value))) {
      throw new JobFailure(`Argument ${name} is not a time in UTC, such as 2026-03-01T00:00:00Z`);
    }
    return value;
  }

  /** A whole number of at least 0. */
  count(name: string): number {
    const value = this.text(name);
    if (!/^\d{1,15}$/.test(value)) throw new JobFailure(`Argument ${name} is not a whole number`);
    return Number(value);
  }

  json<T>(name: string, schema: z.ZodType<T>): T {
    let parsed: unknown;
    try {
      parsed = JSON.parse(this.text(name));
    } catch (error) {
      if (error instanceof JobFailure) throw error;
      throw new JobFailure(`Argument ${name} is not JSON`);
    }
    const result = schema.safeParse(parsed);
    if (result.success) return result.data;
    const problems = result.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`);
    throw new JobFailure(`Argument ${name} is not valid: ${problems.slice(0, 5).join('; ')}`);
  }
}

/** First 16 hex characters of the SHA-256 of the run key: the name of a run's files in the lake. */
export function runHash(runKey: string): string {
  return createHash('sha256').update(runKey).digest('hex').slice(0, 16);
}
