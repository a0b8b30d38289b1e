import type { Console } from './output/console.js';

/** What every command gets besides its own options. */
export interface CommandContext {
  readonly console: Console;
  /** File given by `--config`; without it `sluice.yaml` in the working folder, where there is one. */
  readonly configFile?: string;
  readonly env: NodeJS.ProcessEnv;
}
