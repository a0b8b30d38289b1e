// The SDK loads it by `require`: a file of its own, in CommonJS, that needs no compiling.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { DefaultFailureConverter } = require('@temporalio/common');

/** Puts messages and stack traces of failures into a payload, to be encrypted. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
