/** For the CLI: how far a table's lake reaches, found as the activities find it. */
export { newestLakeBase } from '../activities/lake-base.js';
