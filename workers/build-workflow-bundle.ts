import { writeWorkflowBundle } from './workflow-bundle.js';

// The last step of `npm run build`.
await writeWorkflowBundle();
