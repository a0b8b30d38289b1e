import { duration } from './table.js';

/** One piece of work on the display, while it goes on. */
export interface Step {
  /** Replaces the line under the title: what is happening now. */
  report(text: string): void;
  /** Replaces the line under the title by a bar, with what is happening now after it. */
  bar(done: number, total: number, now?: string): void;
  /** Replaces the title, to say at the end what came out. */
  title(text: string): void;
}

/** The display of long work, on stderr. */
export interface Progress {
  /**
   * Shows `title` while `work` runs, and how it ended. Passes on its result or error.
   * @param options - `timed: false` leaves out how long it was shown.
   */
  step<T>(title: string, work: (step: Step) => Promise<T>, options?: { readonly timed?: boolean }): Promise<T>;
}

/** A live display on a terminal, plain lines elsewhere. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const live = stream.isTTY && stream.columns > 0 && process.env.TERM !== 'dumb';
  return live ? liveProgress(stream) : plainProgress(stream);
}

/** A bar of fixed width with the share done, such as `████░░░░  50 %  2,500 of 5,000`. */
export function bar(done: number, total: number, width = 30): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.round(share * width);
  const percent = String(Math.floor(share * 100)).padStart(3);
  const figures = `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}`;
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent} %  ${figures}`;
}

function liveProgress(stream: NodeJS.WriteStream): Progress {
  return {
    step: async (title, work, { timed = true } = {}) => {
      const { Listr, ListrLogger, PRESET_TIMER, ProcessOutput } = await import('listr2');
      let result: { value: Awaited<ReturnType<typeof work>> } | undefined;
      const list = new Listr(
        [
          {
            title,
            task: async (_, task) => {
              const step: Step = {
                report: (text) => void (task.output = text),
                bar: (done, total, now = '') => void (task.output = `${bar(done, total)}  ${now}`.trimEnd()),
                title: (text) => void (task.title = text),
              };
              result = { value: await work(step) };
            },
          },
        ],
        {
          registerSignalListeners: false, // the command decides what an interruption does
          rendererOptions: {
            logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream, { leaveEmptyLine: false }) }),
            showErrorMessage: false,
            ...(timed && { timer: PRESET_TIMER }),
          },
        }
      );
      await list.run();
      if (result === undefined) throw new Error(`${title}: ended without a result`);
      return result.value;
    },
  };
}

function plainProgress(stream: NodeJS.WriteStream): Progress {
  const line = (text: string): void => void stream.write(`${text}\n`);
  return {
    step: async (title, work, { timed = true } = {}) => {
      const started = performance.now();
      let shown = title;
      let quarter = 0;
      let reported = '';
      line(`… ${title}`);
      const step: Step = {
        report: (text) => {
          if (text !== reported) line(`  ${text}`);
          reported = text;
        },
        bar: (done, total, now) => {
          if (now !== undefined) return step.report(`${done} of ${total} done${now === '' ? '' : `; ${now}`}`);
          const reached = total === 0 ? 4 : Math.floor((4 * done) / total);
          if (reached > quarter) line(`  ${reached * 25} %`);
          quarter = Math.max(quarter, reached);
        },
        title: (text) => void (shown = text),
      };
      const seconds = (): string => (timed ? ` (${duration((performance.now() - started) / 1000)})` : '');
      try {
        const value = await work(step);
        line(`✔ ${shown}${seconds()}`);
        return value;
      } catch (error) {
        line(`✖ ${shown}${seconds()}`);
        throw error;
      }
    },
  };
}
