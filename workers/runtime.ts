import type { LogLevel, Logger, LogMetadata } from '@temporalio/worker';
import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import { pino } from 'pino';

/** How much the worker logs: JSON lines on stderr. `silent` logs nothing. */
export type WorkerLogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

const levels: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** A logger for Temporal's SDK that writes pino's JSON lines to stderr. */
export function createLogger(level: WorkerLogLevel): Logger {
  const target = pino({ name: 'sluice', level }, pino.destination({ dest: 2, sync: true }));
  const log = (at: LogLevel, message: string, meta: LogMetadata = {}): void => {
    const { error, taskToken: _taskToken, ...rest } = meta as Record<string, unknown>;
    target[levels[at]](error === undefined ? rest : { ...rest, err: error }, message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

let installed = false;

/**
 * Installs Temporal's runtime, once a process: its logs go to the logger, and it leaves signals to the program, which
 * decides what a first and a second SIGTERM mean.
 */
export function installRuntime(level: WorkerLogLevel): void {
  if (installed) return;
  Runtime.install({
    logger: createLogger(level),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
  installed = true;
}
