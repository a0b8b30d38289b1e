import type { LogLevel, Logger, LogMetadata } from '@temporalio/worker';
import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import { pino } from 'pino';
import { ListenAddressError } from './listen-address-error.js';

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

let installed: { readonly metrics?: string } | undefined;

const refused = (address: string, why: string): ListenAddressError =>
  new ListenAddressError('Metrics', address, 'SLUICE_METRICS_ADDRESS, worker.metrics', why);

/** Upper bounds of the buckets of a histogram, in seconds: from a call to a day. */
const minutes = [1, 5, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
const histograms = ['sluice_run', 'sluice_stage', 'sluice_remote_job', 'sluice_schedule_lateness'];

/**
 * Installs Temporal's runtime, once a process: its logs go to the logger, and it leaves signals to the program, which
 * decides what a first and a second SIGTERM mean. With an address it serves its metrics and Sluice's to Prometheus.
 * @throws ListenAddressError when the address cannot be listened on.
 */
export function installRuntime(level: WorkerLogLevel, metrics?: string): void {
  if (installed !== undefined) {
    if (metrics === undefined || metrics === installed.metrics) return;
    throw refused(metrics, 'the process has a runtime already, without metrics or with others');
  }
  try {
    Runtime.install({
      logger: createLogger(level),
      shutdownSignals: [],
      telemetryOptions: {
        logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
        ...(metrics !== undefined && {
          metrics: {
            prometheus: {
              bindAddress: metrics,
              countersTotalSuffix: true,
              unitSuffix: true,
              useSecondsForDurations: true,
              histogramBucketOverrides: Object.fromEntries(histograms.map((name) => [`${name}_seconds`, minutes])),
            },
          },
        }),
      },
    });
  } catch (error) {
    if (metrics === undefined) throw error;
    throw refused(metrics, error instanceof Error ? error.message : String(error));
  }
  installed = { metrics };
}
