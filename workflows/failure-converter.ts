import { DefaultFailureConverter } from '@temporalio/common';
import { workerTraits } from './worker-traits.js';

/** Puts messages and stack traces of failures into a payload where payloads are encrypted; part of the bundle. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: workerTraits().encrypted });
