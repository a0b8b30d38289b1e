import type { temporal } from '@temporalio/proto';

/** Empties every stack trace in a message, in place: they hold the paths of the machine that recorded it. */
function strip(message: object): void {
  for (const [name, value] of Object.entries(message) as [string, unknown][]) {
    if (name === 'stackTrace') Object.assign(message, { stackTrace: '' });
    else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) strip(value);
  }
}

/** The history without the stack traces of its failures, which replay does not read; changes it in place. */
export function withoutStackTraces(
  history: temporal.api.history.v1.IHistory
): temporal.api.history.v1.IHistory {
  strip(history);
  return history;
}
