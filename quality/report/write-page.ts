import { join } from 'node:path';
import { writePage } from './build-page.js';

// A step of `npm run build`: run from dist/quality/report, it reads the sources.
await writePage(join(import.meta.dirname, '../../../quality/report/page'));
