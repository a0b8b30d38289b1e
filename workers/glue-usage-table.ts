export { UsageTable } from '../activities/glue-usage/usage-table.js';
