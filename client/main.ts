#!/usr/bin/env node
import { flushed } from './output/console.js';
import { runCli } from './program.js';

// The SDK's notice about its next year's Node versions would stand between the lines of every command.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const exitCode = await runCli(process.argv.slice(2));
await flushed();
process.exit(exitCode); // native threads of Temporal's and DuckDB's libraries would keep the process alive
